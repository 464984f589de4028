/// Moves the records of a table into another one, some slots at a time: how flows leave a version of an element that
/// ran beside a newer one.
#pragma once
#include <memory>

#include "flow_table.hh"

namespace hotclick::core {

class TableMover {
 public:
  /// Off the path. `to` null: the newer version has no such table, and records go. `conversion` null: both tables
  /// have the same record layout.
  TableMover(FlowTable& from, FlowTable* to, std::shared_ptr<Conversion> conversion)
      : from_(from), to_(to), conversion_(std::move(conversion)) {}

  /// On the shard: looks at some slots and moves what is there; true while records are left. A record that finds no
  /// room stays until it ends.
  bool step();
  /// The author's function crashes.
  void leave_author_out() {
    if (conversion_) conversion_->leave_author_out();
  }

 private:
  void move(uint32_t slot);
  /// The slot of the record that names this one in its link as this one names it in its own; no_slot if there is none.
  uint32_t partner_of(uint32_t slot);
  /// A copy in the other table; no_slot when there is no room.
  uint32_t copy(uint32_t slot);

  FlowTable& from_;
  FlowTable* to_;
  std::shared_ptr<Conversion> conversion_;
  uint32_t at_ = 0;
};

}  // namespace hotclick::core
