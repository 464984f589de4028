/// When a rated source may send: rate, limit, activity, and the end.
#pragma once
#include <hotclick/element.hpp>

#include "limit_end.hpp"
#include "setting.hpp"
#include "token_bucket.hpp"

namespace hotclick {

struct RatedProgress {
  uint64_t count = 0;
  LimitEnd end;
  uint64_t first_at = 0;  // monotonic ns of the first packet
  uint64_t last_at = 0;   // and of the last one
  Tokens tokens;
  Setting<bool> active;
  Setting<int64_t> limit;
  Setting<uint64_t> rate;
};
constexpr auto rated_progress_v1 = schema<RatedProgress>(
    1, HC_COUNT(RatedProgress, count), HC_FIELD(RatedProgress, end.announced),
    HC_FIELD(RatedProgress, end.parts), HC_FIELD(RatedProgress, first_at), HC_FIELD(RatedProgress, last_at),
    HC_FIELD(RatedProgress, tokens.credit), HC_FIELD(RatedProgress, tokens.updated),
    HC_SETTING(RatedProgress, active), HC_SETTING(RatedProgress, limit), HC_SETTING(RatedProgress, rate));

/// Base of the sources that send at a rate. The source itself has `uint32_t stamp(Batch&, uint32_t n)`, which
/// appends up to n packets, and `static constexpr bool zero_is_unlimited`: what a rate of 0 means.
template <class Source>
struct RatedEmission : Element {
  State<RatedProgress> progress;
  Rate rate_argument{10};
  int64_t limit_argument = -1;
  bool active_argument = true;
  bool stop = false;
  bool pulled = false;
  uint64_t quota = unlimited;
  TokenBucket bucket;

  /// Packets sent at once, so that a fast source does not run for each of them.
  static constexpr uint32_t most = 32;

  void start(bool adopted) {
    RatedProgress& p = *progress;
    if (!adopted) p = {};
    p.active.settle(active_argument);
    p.limit.settle(limit_argument);
    p.rate.settle(rate_argument.per_second);
    pulled = output_is_pull(0);
    use_rate();
    if (!adopted) bucket.start(p.tokens, shard(), 1);
    wake();
  }
  bool run() {
    if (pulled) return false;
    Batch batch;
    batch.count = 0;
    const uint32_t n = emit(batch, most);
    if (n == 0) return false;
    output(0, batch);
    return true;
  }
  uint32_t pull(uint32_t, Batch& batch, uint32_t max) { return emit(batch, max); }
  void timer(uint32_t) { set_task(true); }
  /// Notices of the other shards, see limit_end.hpp.
  void push(uint32_t, Batch& batch) {
    parts_done(self, progress->end, batch.count);
    consume(batch);
  }

  uint64_t count() const { return progress->count; }
  bool active() const { return progress->active.value; }
  int64_t limit() const { return progress->limit.value; }
  bool set_limit(const String& text, Error& error) {
    return write_setting(self->host, progress->limit.value, text, error) && wake();
  }
  bool set_rate(const String& text, Error& error) {
    Rate rate;
    if (!write_setting(self->host, rate, text, error)) return false;
    progress->rate.value = rate.per_second;
    use_rate();
    return wake();
  }
  bool set_active(const String& text, Error& error) {
    const bool before = active();
    if (!write_setting(self->host, progress->active.value, text, error)) return false;
    // The time of rest has earned nothing.
    if (!before && active()) bucket.start(progress->tokens, shard(), 1);
    return wake();
  }
  void reset() {
    progress->count = progress->first_at = progress->last_at = 0;
    wake();
  }

  /// The part of RATE that this shard has; after LIMIT packets the rate at which they left.
  uint64_t measured_rate() const {
    const RatedProgress& p = *progress;
    if (p.count < quota || p.count < 2 || p.last_at <= p.first_at) return shard_share(shard(), p.rate.value);
    const auto packets = static_cast<unsigned __int128>(p.count - 1);
    return static_cast<uint64_t>(packets * 1'000'000'000u / (p.last_at - p.first_at));
  }

  /// After a change of what there is to send.
  bool wake() {
    quota = shard_limit(shard(), progress->limit.value);
    if (progress->count < quota) progress->end.announced = false;
    set_timer(0, 0);
    set_task(!pulled && progress->active.value);
    return true;
  }

 private:
  void use_rate() {
    const uint64_t rate = progress->rate.value;
    bucket.set(shard(), rate, rate < 200 ? 2 : rate / 100);
  }
  uint32_t emit(Batch& batch, uint32_t n) {
    RatedProgress& p = *progress;
    if (!p.active.value) return rest();
    const uint64_t left = quota > p.count ? quota - p.count : 0;
    if (left == 0) return finish();
    if (left < n) n = static_cast<uint32_t>(left);
    const bool rated = !(Source::zero_is_unlimited && p.rate.value == 0);
    if (rated) {
      bucket.refill(p.tokens, now());
      n = bucket.available(p.tokens, n);
      if (n == 0) return wait();
    }
    n = static_cast<Source*>(this)->stamp(batch, n);
    if (rated) bucket.take(p.tokens, n);
    if (p.count == 0 && n != 0) p.first_at = now();
    if (n != 0) p.last_at = now();
    p.count += n;
    return n;
  }
  uint32_t rest() {
    set_task(false);
    return 0;
  }
  uint32_t wait() {
    if (pulled) return 0;
    set_task(false);
    set_timer(0, bucket.next_at(progress->tokens));
    return 0;
  }
  uint32_t finish() {
    LimitEnd& end = progress->end;
    if (!end.announced && stop && !announce_end(self, end)) return 0;
    set_task(false);
    end.announced = true;
    return 0;
  }
};

}  // namespace hotclick
