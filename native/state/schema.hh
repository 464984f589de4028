/// Schemas as the core keeps them (an element library's own copy goes away with it), and the conversion of a
/// record from one to another.
#pragma once
#include <hotclick/abi.h>

#include <memory>
#include <string>
#include <vector>

namespace hotclick::core {

struct Field {
  std::string name;
  uint32_t type = 0, offset = 0, size = 0;
  bool operator==(const Field&) const = default;
};

struct SchemaCopy {
  uint32_t version = 0, size = 0;
  std::vector<Field> fields;
  bool operator==(const SchemaCopy&) const = default;
};

/// Copies what a descriptor says. Checks it: fields inside the record, sizes that fit the types.
/// Empty `error` when it is good.
SchemaCopy copy_schema(const hc_schema& from, std::string& error);

/// How a record becomes another version's: fields of equal name are carried over (integers widened), then the
/// author's function runs, if there is one for the pair.
class Conversion {
 public:
  /// Null with `error` set when the two cannot be brought together. `newer` is the schema whose author's
  /// functions are used (it may be null); `keep_alive` is what they live in.
  static std::shared_ptr<Conversion> plan(const SchemaCopy& from, const SchemaCopy& to,
                                          const hc_schema* newer, bool upwards,
                                          std::shared_ptr<void> keep_alive, std::string& error);
  /// The way back from an upgrade that may be undone without anyone being asked: fields that cannot be carried
  /// over are left as they are.
  static std::shared_ptr<Conversion> plan_back(const SchemaCopy& from, const SchemaCopy& to,
                                               const hc_schema* newer, bool upwards,
                                               std::shared_ptr<void> keep_alive);

  /// `to` already holds the new version's default value.
  void run(const uint8_t* from, uint8_t* to) const;
  /// The author's function crashed: from now on only fields of equal name are carried over.
  void leave_author_out() { author_ = nullptr; }

 private:
  void use_author(const hc_schema& newer, bool upwards, uint32_t other);
  /// The first field of `to` whose namesake cannot be carried over, or null.
  const Field* match_fields(const SchemaCopy& to);
  struct Move {
    uint32_t from, from_size, to, to_size;
    bool sign;
  };
  std::vector<Move> moves_;
  hc_convert author_ = nullptr;
  std::string unmatched_;  // the first field whose type changed
  SchemaCopy from_;
  std::vector<hc_field> from_fields_;
  hc_schema from_view_ = {};
  std::shared_ptr<void> keep_alive_;
};

}  // namespace hotclick::core
