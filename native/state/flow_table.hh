/// The slow half of a table: insertion, removal, growth of the index, expiry, change of layout, publication.
/// The fast half is inline in hotclick/table.hpp, which also explains the structure.
///
/// Threads: the shard's own, but for create(), adopt(), recover(), load_page() and prepare_layout(), which
/// another thread calls while the shard cannot see the table or the layout yet.
///
/// All that a table is lies in two regions, records and index, so that another engine can go on with them (see
/// docs/design/transfer.md). Whoever finds them after a crash relies on the order of writes: a record is live in
/// the region whose layout number it carries, and `flags` and `layout` are written last.
#pragma once
#include <atomic>
#include <hotclick/table.hpp>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "../core/mapped_region.hh"
#include "schema.hh"
#include "table_head.hh"

namespace hotclick::core {

/// Sizes of a record and what stands in it.
struct TableLayout {
  SchemaCopy key, value;
  uint32_t key_size = 0, value_size = 0, value_offset = 0, stride = 0;
  void (*defaults)(void*) = nullptr;
  static TableLayout of(const SchemaCopy& key, const SchemaCopy& value);
  /// Key, padding and value: what is published of a record.
  uint32_t record_size() const { return value_offset - sizeof(hc_record) + value_size; }
};

/// A record region for a new layout, made before the swap.
struct PreparedLayout {
  std::unique_ptr<TableLayout> layout;
  MappedRegion records;
  std::shared_ptr<Conversion> conversion;
};

/// Records as a crash left them: those with that layout number are valid here.
struct RecordPart {
  MappedRegion records;
  TableLayout layout;
  uint32_t number = 0;
};

class FlowTable : public hc_table {
 public:
  /// Slots a page has for publication, as a power of two.
  static constexpr uint32_t publish_shift = 6;
  using Expire = uint32_t (*)(void* object, uint32_t slot, void* key, void* value);

  static std::unique_ptr<FlowTable> create(const std::string& name, const TableLayout& layout,
                                           uint32_t capacity, std::string& error);

  /// The table of another engine in this process's eyes: its regions as they lie there, without its numbers, which
  /// open_sealed() takes later. Null with `error` when they do not fit the layout.
  static std::unique_ptr<FlowTable> adopt(const std::string& name, const TableLayout& layout, uint32_t number,
                                          MappedRegion records, MappedRegion index, std::string& error);
  /// Writes what only this object knows into the regions. The table stays as it is.
  void seal();
  /// Takes what seal() wrote; false when it cannot be.
  bool open_sealed();
  /// A table that nobody sealed: `parts` are its records, the newest layout first, in one or two regions; it goes on in
  /// that of number `base`, to which `conversion` brings the records of the other. The index is made anew.
  static std::unique_ptr<FlowTable> recover(const std::string& name, std::vector<RecordPart> parts,
                                            size_t base, const MappedRegion& index,
                                            const Conversion* conversion, std::string& error);

  /// The element that owns the table now: its shard's clock, its expiry question, its limit, and the initial
  /// value of a record. All that led into the library before is replaced.
  void set_owner(hc_shard* shard, void* object, const hc_state& declaration, uint32_t capacity);

  uint32_t insert(uint32_t hash, const void* key);
  /// The slot of the record with that key, or no_slot.
  uint32_t find(const void* key);
  void erase(uint32_t slot);
  void convert(uint32_t slot);
  void grow_step();
  /// Of an empty table: makes the index as large as so many records need, so that it does not grow while they come.
  void expect(uint64_t records);

  /// Off the path: a region for records of another layout. Null with `error` when memory cannot be had.
  std::unique_ptr<PreparedLayout> prepare_layout(const TableLayout& next,
                                                 std::shared_ptr<Conversion> conversion,
                                                 std::string& error) const;
  /// On the shard, O(1): from now on records have that layout; each is converted when touched. Only when
  /// `converting()` is false and the host has taken what was retired. With `hold` the old records stay, however many
  /// are converted, until release().
  void change_layout(PreparedLayout& prepared, bool hold = false);
  /// On the shard, O(1), while the old records are held: from now on records have the layout before the change
  /// again, those touched since are converted by `back`.
  void take_layout_back(std::shared_ptr<Conversion>& back);
  /// On the shard: there is no way back any more.
  void release();
  /// On the shard: the author's function crashed; what is still to be converted goes by field name only.
  void leave_author_out();
  /// On the shard: ns that conversion has taken since the last call.
  uint64_t take_converting_ns() { return last_converting_ns_ = std::exchange(converting_ns_, 0); }
  /// On the shard: whether so many records were converted in the last round that other work should wait for the next one.
  /// Says so once a round.
  bool converts_much() { return converting() && std::exchange(last_converting_ns_, 0) >= enough_ns; }
  bool converting() const { return converting_.load(std::memory_order_relaxed); }
  uint64_t converted() const { return head_->converted; }

  /// Host: memory of a finished conversion, which is released off the path (munmap takes its time). Empty if
  /// there is none.
  std::pair<MappedRegion, std::shared_ptr<Conversion>> take_retired();

  /// A bounded amount of upkeep: growth, conversion, and so much expiry that a full round takes five seconds.
  /// True when growth or conversion is under way.
  bool maintain();
  /// On the shard: true once after each finished conversion, when there is something for take_retired().
  bool just_converted() { return std::exchange(just_converted_, false); }
  /// Looks at every record now (tests, and the last sync before the end).
  void sweep_all();

  /// Packs the next dirty page at or after `cursor` as described in engine/state/state-page.ts. Returns its
  /// bytes, 0 when there is none left (cursor is then reset). `out` has room for page_bytes().
  uint32_t publish_page(uint32_t& cursor, uint32_t& page, uint8_t* out);
  /// Packs one page, which is not dirty then; returns its bytes.
  uint32_t pack_page(uint32_t page, uint8_t* out);
  uint32_t page_bytes() const { return 8 + (1u << publish_shift) * (8 + layout_->record_size()); }
  /// Marks every page with a live record dirty (a full sync).
  void mark_all_dirty();
  /// On the shard: from now on this table is published under the name that `before` had, and `before` under another:
  /// all its pages go to the store again, and here those that this table does not fill end.
  void take_name_of(FlowTable& before);

  /// The tables of this name in older versions that run beside this table's element; null when there are none.
  const std::vector<FlowTable*>* older = nullptr;

  /// Fills slots of a page from packed bytes of `from` layout; `conversion` is null when it is this layout.
  /// False when the bytes do not fit their own description.
  bool load_page(uint32_t page, const uint8_t* data, size_t size, const TableLayout& from,
                 const Conversion* conversion);
  /// The same for a page that was loaded before: what it held ends.
  bool renew_page(uint32_t page, const uint8_t* data, size_t size, const TableLayout& from,
                  const Conversion* conversion);
  /// After the last load_page: links the free slots.
  void finish_load();

  const TableHead* head() const { return head_; }
  const TableLayout& layout() const { return *layout_; }
  const std::string& name() const { return name_; }
  uint32_t high_water() const { return head_->high_water; }
  uint32_t max_slots() const { return max_slots_; }
  uint64_t memory() const;
  // host, while no swap is posted:
  const MappedRegion& record_region() const { return records_; }
  const MappedRegion& index_region() const { return index_arena_; }
  /// What is still being converted, or was and has not been taken away; not ok() when there is nothing.
  const MappedRegion& old_record_region() const { return old_records_; }
  const TableLayout& old_layout() const { return *old_layout_; }
  uint32_t old_number() const { return old_number_; }
  static uint32_t number_after(uint32_t number) { return (number & 0xFFFF) == 0xFFFF ? 1 : number + 1; }

  hc_record& record(uint32_t slot) const {
    return *reinterpret_cast<hc_record*>(records + static_cast<uint64_t>(slot) * stride);
  }
  /// A record that no lookup gave: brought to the present layout first.
  hc_record& settled(uint32_t slot) {
    if (record(slot).layout != hc_table::layout) convert(slot);
    return record(slot);
  }
  uint8_t* key_of(uint32_t slot) const { return reinterpret_cast<uint8_t*>(&record(slot) + 1); }
  uint8_t* value_of(uint32_t slot) const { return reinterpret_cast<uint8_t*>(&record(slot)) + value_offset; }

 private:
  FlowTable() : hc_table{} {}
  /// False with `error` when there is no memory for the index.
  bool make_index(uint32_t max_slots, std::string& error);
  /// Points at what lies in the index region.
  void use_index_region();
  void index_put(uint64_t* in, uint32_t mask, uint32_t hash, uint32_t slot);
  uint32_t index_probe(const uint64_t* in, uint32_t mask, uint32_t hash, const void* key);
  bool index_find(const uint64_t* in, uint32_t mask, uint32_t hash, uint32_t slot, uint32_t& at) const;
  uint64_t* index_of_size(uint64_t size) const {
    return reinterpret_cast<uint64_t*>(index_arena_.data()) + size;
  }
  void start_growth();
  void convert_record(uint32_t slot);
  /// The records of `records_` have `layout_`, under that number.
  void begin_layout(uint32_t number);
  /// The old records are the host's from now on.
  void retire();
  void sweep(uint32_t slots);
  void rebuild();
  /// What the fast half wants to know of `layout_`.
  void use_layout();
  uint32_t used_pages() const { return (high_water() + (1u << publish_shift) - 1) >> publish_shift; }
  uint32_t published_pages() const { return used_pages() > vacated_pages_ ? used_pages() : vacated_pages_; }
  void mark_pages(uint32_t pages) {
    for (uint32_t word = 0; word < pages >> 6; ++word) dirty[word] = ~0ull;
    if ((pages & 63) != 0) dirty[pages >> 6] |= (1ull << (pages & 63)) - 1;
  }
  void mark(uint32_t slot) { dirty[slot >> page_shift >> 6] |= 1ull << ((slot >> page_shift) & 63); }

  std::string name_;
  // They change places in the middle of a swap, which must not take longer than two pointers do.
  std::unique_ptr<TableLayout> layout_ = std::make_unique<TableLayout>();
  std::unique_ptr<TableLayout> old_layout_ = std::make_unique<TableLayout>();
  uint32_t old_number_ = 0;
  MappedRegion records_, old_records_;
  MappedRegion index_arena_;
  TableHead* head_ = nullptr;  // at the start of the index region
  std::shared_ptr<Conversion> conversion_;
  void* object_ = nullptr;
  Expire expire_ = nullptr;
  uint32_t max_slots_ = 0;
  uint32_t vacated_pages_ = 0;  // that the store may have under this name from a table before
  /// ns of conversion in a round, with what its packets have touched.
  static constexpr uint64_t enough_ns = 20'000;
  uint64_t converting_ns_ = 0, last_converting_ns_ = 0;
  uint32_t sweep_credit_ = 0, sweep_tick_ = 0;
  bool just_converted_ = false, held_ = false, returning_ = false;
  std::atomic<bool> converting_{false};
  std::atomic<bool> retired_{false};  // the old records are the host's now, until it has taken them
};

}  // namespace hotclick::core
