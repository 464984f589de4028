/// A write handler that an element calls when something happens: `element.handler [value]`.
#pragma once
#include <hotclick/words.hpp>

namespace hotclick {

class HandlerCall {
 public:
  static constexpr uint32_t max_length = 255;

  /// False when the text is empty or too long.
  bool set(const String& text) {
    Words words(text);
    String path;
    if (!words.next(path)) return false;
    while (words.at < words.end && is_blank(*words.at)) ++words.at;
    const uint32_t value_length = static_cast<uint32_t>(words.end - words.at);
    if (path.length + value_length > max_length) return false;
    memmove(text_, path.data, path.length);
    memmove(text_ + path.length, words.at, value_length);
    path_length_ = path.length;
    value_length_ = value_length;
    return true;
  }
  bool empty() const { return path_length_ == 0; }

  /// Calls it; a failure is said in the log, since there is nobody else to tell.
  void call(hc_instance* self) const {
    char error[HC_ERROR_SIZE] = "";
    const String path = {text_, path_length_, 0};
    const String value = {text_ + path_length_, value_length_, 0};
    if (self->host->write_handler(self, &path, &value, error) == 0) return;
    self->host->log(self, "%s: %.*s: %s", self->name, static_cast<int>(path_length_), text_, error);
  }

 private:
  char text_[max_length + 1] = {};
  uint32_t path_length_ = 0, value_length_ = 0;
};

}  // namespace hotclick
