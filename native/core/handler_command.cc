#include "handler_command.hh"

#include <cstring>

#include "shard.hh"
#include "version_handlers.hh"

namespace hotclick::core {

HandlerCommand::HandlerCommand(std::string element, std::string handler, Kind kind, std::string value,
                               size_t room)
    : element_(std::move(element)),
      handler_(std::move(handler)),
      value_(std::move(value)),
      text_(room, '\0'),
      kind_(kind) {}

void HandlerCommand::interrupted() {
  outcome_ = Outcome::rejected;
  text_.assign("the element crashed");
}

bool HandlerCommand::step(Shard& shard) {
  Node* node = shard.graph() ? shard.graph()->find(element_) : nullptr;
  const hc_handler* handler = node ? node->find_handler(handler_) : nullptr;
  if (!handler || (kind_ == Kind::write ? !handler->write : !handler->read)) {
    outcome_ = node ? Outcome::no_handler : Outcome::no_element;
    text_.resize(0);
    return true;
  }
  char error[HC_ERROR_SIZE] = "";
  const hc_string value{value_.c_str(), static_cast<uint32_t>(value_.size()), 0};
  hc_text out = {text_.data(), 0, static_cast<uint32_t>(text_.size()), 0, 0};
  const int status = kind_ == Kind::write ? write_versions(*shard.graph(), *node, *handler, value, error)
                                          : read_versions(*shard.graph(), *node, *handler, value, out, error);
  text_.resize(out.length);
  if (status != 0) {
    outcome_ = Outcome::rejected;
    text_.assign(error, strnlen(error, sizeof(error)));
  } else if (out.overflow) {
    outcome_ = Outcome::too_long;
  }
  return true;
}

}  // namespace hotclick::core
