// The statics that a library has not declared: what its first instance in a shard does about them.
#include "node.hh"
#include "shard.hh"

namespace hotclick::core {
namespace {

std::string refused(const std::string& class_name, const std::vector<std::string>& refusals) {
  std::string error = "HC_STATICS: static variables of " + class_name + " cannot be carried over:";
  for (const std::string& refusal : refusals) error += "\n  " + refusal;
  return error;
}

}  // namespace

bool Node::bind_undeclared(ElementVersion& version, Shard& shard, std::string& error) {
  const auto& layout = library_->statics();
  const auto at = shard.carried_statics.find(class_name);
  const auto before = at == shard.carried_statics.end() ? nullptr : at->second.library.lock();
  const auto prepared = shard.pending_statics.find(class_name);
  if (layout) {
    undeclared.schema = statics_schema(*layout);
    undeclared.name = ".statics";
    if (undeclared.schema.size != 0) undeclared.image = library_->at(layout->begin);
  }
  if (before == library_ || prepared != shard.pending_statics.end())
    return true;  // another instance was first
  if (!layout) {
    if (before) shard.pending_statics[class_name] = {};
    return true;
  }
  CarriedStatics now{library_, nullptr, nullptr};
  const bool shares_pages = version.by_layout() && layout->own_pages;
  if (before && before->statics()) {
    const StaticsMatch& match = version.match_statics_of(before->statics());
    if (!match.refusals.empty()) {
      error = refused(class_name, match.refusals);
      return false;
    }
    const std::string pointing = points_into(*before, *before);
    if (!pointing.empty()) {
      error = refused(class_name, {"'" + pointing + "' holds an address in the old version"});
      return false;
    }
    now.from = before;
    if (match.same_layout && shares_pages && at->second.pages && use_pages(*library_, *at->second.pages)) {
      now.pages = at->second.pages;
    } else {
      if (shares_pages) now.pages = give_pages(*library_, class_name);
      takeover_ = StaticsTakeover(match, before, library_);
    }
  } else {
    if (shares_pages) now.pages = give_pages(*library_, class_name);
    restore_undeclared(shard);
  }
  shard.pending_statics[class_name] = std::move(now);
  return true;
}

void Node::restore_undeclared(Shard& shard) {
  const RestoredStatic* stored = shard.restored_static(class_name, undeclared.name);
  if (!stored) return;
  for (const std::string& name : restore_statics(*library_, stored->schema, stored->data.data())) {
    const std::string text = "the stored value of '" + name + "' has no place in version " + this->version;
    shard.say('l', *this, text.data(), text.size());
  }
}

void Shard::settle_statics(bool commit) {
  for (auto& [class_name, next] : pending_statics) {
    const auto library = next.library.lock();
    if (!commit) {
      // It may have run for a while and have left addresses of its own behind.
      if (library && next.from && !points_into(*next.from, *library).empty()) pinned_.push_back(library);
      continue;
    }
    if (!library) {
      carried_statics.erase(class_name);
      continue;
    }
    if (next.from && !points_into(*library, *next.from).empty()) pinned_.push_back(next.from);
    next.from.reset();
    carried_statics[class_name] = std::move(next);
  }
  pending_statics.clear();
}

}  // namespace hotclick::core
