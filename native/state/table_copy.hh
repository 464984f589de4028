/// A copy of a table as it is at one instant, made a few pages at a time while the table is in use.
///
/// A page that is written after it was copied is copied again: the table's own dirty bits say so. They are taken
/// away for the time of the copy and given back at its end, for the store. The shard does one command at a time,
/// so nothing is published meanwhile.
#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "flow_table.hh"

namespace hotclick::core {

class TableCopy {
 public:
  /// host: with memory for all pages the table can have, brought in for those it has. Null without memory.
  static std::unique_ptr<TableCopy> create(FlowTable& table);
  ~TableCopy();
  TableCopy(const TableCopy&) = delete;
  TableCopy& operator=(const TableCopy&) = delete;

  /// On the shard: copies at most `budget` pages and takes them off it. True when the copy is the table.
  bool step(uint32_t& budget);
  /// On the shard, after the last step, whether it was finished or not.
  void end();

  /// host, when it is done: the pages in which there is a record.
  struct Page {
    uint32_t number, size;
    const uint8_t* data;
  };
  std::vector<Page> pages() const;

 private:
  explicit TableCopy(FlowTable& table) : table_(table) {}
  uint8_t* place(uint32_t page) const { return memory_ + static_cast<size_t>(page) * stride_; }
  uint32_t words() const;

  FlowTable& table_;
  uint8_t* memory_ = nullptr;
  size_t size_ = 0, stride_ = 0;
  std::unique_ptr<uint32_t[]> sizes_;            // of each page; 0 = not copied
  std::unique_ptr<uint64_t[]> pending_, taken_;  // a bit a page: to be copied; dirty for the store
  bool begun_ = false;
};

}  // namespace hotclick::core
