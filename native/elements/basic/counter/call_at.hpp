/// COUNT_CALL and BYTE_COUNT_CALL of Counter: a write handler that is called when a count gets to a number.
#pragma once
#include "../source/handler_call.hpp"

namespace hotclick {

class CallAt {
 public:
  /// `N [HANDLER [VALUE]]`; without a handler the one set before stays. Nothing at all takes the call back.
  bool set(const String& text, Error& error) {
    Words words(text);
    String number;
    if (!words.next(number)) {
      at_ = never;
      return true;
    }
    uint64_t at = 0;
    if (error.host->parse(HC_U64, &number, &at, error.text) != 0) return false;
    const String call = {words.at, static_cast<uint32_t>(words.end - words.at), 0};
    if (count_words(call) == 0) {
      if (call_.empty()) return error.fail("expected 'N HANDLER [VALUE]'");
    } else if (!call_.set(call)) {
      return error.fail("a handler call has at most %u characters", HandlerCall::max_length);
    }
    at_ = at;
    return true;
  }
  bool within(uint64_t count, uint64_t more) const { return count < at_ && at_ - count <= more; }
  /// Calls the handler when a count went from `before` to `after` and passed the number.
  void check(hc_instance* self, uint64_t before, uint64_t after) const {
    if (before < at_ && after >= at_) call_.call(self);
  }

 private:
  static constexpr uint64_t never = ~0ull;
  HandlerCall call_;
  uint64_t at_ = never;
};

}  // namespace hotclick
