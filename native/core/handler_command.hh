/// Reading and writing handlers on the shard that owns the element.
#pragma once
#include <string>

#include "command.hh"

namespace hotclick::core {

class HandlerCommand : public Command {
 public:
  enum class Outcome { good, no_element, no_handler, rejected, too_long };

  enum class Kind { read, write };
  /// `value` is what is written, or the parameter of the read. `room` is how much text the answer may have.
  HandlerCommand(std::string element, std::string handler, Kind kind, std::string value,
                 size_t room = 64 << 10);
  bool step(Shard& shard) override;
  void interrupted() override;

  Outcome outcome() const { return outcome_; }
  /// The value read, or why it was rejected.
  const std::string& text() const { return text_; }

 private:
  std::string element_, handler_, value_, text_;
  Kind kind_;
  Outcome outcome_ = Outcome::good;
};

}  // namespace hotclick::core
