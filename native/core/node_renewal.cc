// State that went on in another engine after this one had restored it, and is taken up before a shard runs.
#include <cstring>

#include "shard.hh"

namespace hotclick::core {

bool Node::renew(StateBinding& b, const RestoredStatic& value, std::string& error) {
  uint8_t* const to = b.block ? b.block.get() : b.section ? b.section->pages.data() : nullptr;
  if (!to) {
    error = "state '" + b.name + "' of " + name + " is no static state";
    return false;
  }
  if (value.schema == b.schema) {
    memcpy(to, value.data.data(), value.data.size());
    return true;
  }
  const auto conversion = plan_conversion(b, value.schema, error);
  if (conversion) conversion->run(value.data.data(), to);
  return conversion != nullptr;
}

bool Node::renew(StateBinding& b, const RestoredPart& pages, std::string& error) {
  if (!b.table) {
    error = "state '" + b.name + "' of " + name + " is no table";
    return false;
  }
  if (!(pages.key == b.key)) return true;  // records with another key are not taken up
  FlowTable& table = *b.table;
  std::shared_ptr<Conversion> conversion;
  if (!(pages.value == table.layout().value)) {
    // The table still has the layout in which it was stored, unless nothing was.
    if (!(table.layout().value == b.schema)) {
      error = "table '" + b.name + "' of " + name + " has records of more than one layout";
      return false;
    }
    conversion = plan_conversion(b, pages.value, error);
    if (!conversion) return false;
  }
  const TableLayout from = TableLayout::of(pages.key, pages.value);
  for (const auto& [page, bytes] : pages.pages) {
    if (table.renew_page(page, bytes.data(), bytes.size(), from, conversion.get())) continue;
    error = "page " + std::to_string(page) + " of table " + table.name() + " is malformed";
    return false;
  }
  table.finish_load();
  return true;
}

}  // namespace hotclick::core
