#include "handler_command.hh"

#include <cstring>

#include "shard.hh"

namespace hotclick::core {

HandlerCommand::HandlerCommand(std::string element, std::string handler, const std::string* write,
                               size_t room)
    : element_(std::move(element)), handler_(std::move(handler)), writes_(write != nullptr) {
  if (write) value_ = *write;
  text_.resize(room);
}

bool HandlerCommand::step(Shard& shard) {
  Node* node = shard.graph() ? shard.graph()->find(element_) : nullptr;
  const hc_handler* handler = node ? node->find_handler(handler_) : nullptr;
  if (!handler || (writes_ ? !handler->write : !handler->read)) {
    outcome_ = node ? Outcome::no_handler : Outcome::no_element;
    text_.resize(0);
    return true;
  }
  if (writes_) {
    char error[HC_ERROR_SIZE] = "";
    const hc_string value{value_.c_str(), static_cast<uint32_t>(value_.size()), 0};
    if (handler->write(node->instance.object, &value, error) != 0) {
      outcome_ = Outcome::rejected;
      text_.assign(error, strnlen(error, sizeof(error)));
    } else {
      text_.resize(0);
    }
    return true;
  }
  hc_text out = {text_.data(), 0, static_cast<uint32_t>(text_.size()), 0, 0};
  handler->read(node->instance.object, &out);
  text_.resize(out.length);
  if (out.overflow) outcome_ = Outcome::too_long;
  return true;
}

}  // namespace hotclick::core
