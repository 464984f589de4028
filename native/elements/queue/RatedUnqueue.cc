/// Pulls packets at a rate and pushes them: a shaper.
///   ... -> Queue -> RatedUnqueue(1000) -> ...
#include <hotclick/element.hpp>

#include "../basic/source/setting.hpp"
#include "../basic/source/token_bucket.hpp"
using namespace hotclick;

struct Shaped {
  uint64_t count = 0;
  Tokens tokens;
  Setting<bool> active;
  Setting<uint64_t> rate;
};
constexpr auto shaped_v1 =
    schema<Shaped>(1, HC_COUNT(Shaped, count), HC_FIELD(Shaped, tokens.credit),
                   HC_FIELD(Shaped, tokens.updated), HC_SETTING(Shaped, active), HC_SETTING(Shaped, rate));

struct RatedUnqueue : Element {
  State<Shaped> shaped;
  Rate rate_argument;
  Duration burst_duration{unset};
  uint64_t burst_size = unset;
  bool active_argument = true;
  TokenBucket bucket;

  bool configure(Arguments& arguments) {
    if (burst_duration.ns == unset || burst_size == unset) return true;
    return arguments.fail("cannot specify both BURST_DURATION and BURST_SIZE");
  }
  void start(bool adopted) {
    shaped->active.settle(active_argument);
    shaped->rate.settle(rate_argument.per_second);
    use_rate();
    if (!adopted) bucket.start(shaped->tokens, shard(), capacity(rate()));
    set_task(active());
  }
  bool run() {
    Shaped& s = *shaped;
    if (!s.active.value) return false;
    bucket.refill(s.tokens, now());
    const uint32_t most = bucket.available(s.tokens, HC_BATCH_CAPACITY);
    if (most == 0) {
      set_task(false);
      set_timer(0, bucket.next_at(s.tokens));
      return false;
    }
    Batch batch;
    batch.count = 0;
    const uint32_t n = input(0, batch, most);
    if (n == 0) return false;
    bucket.take(s.tokens, n);
    s.count += n;
    output(0, batch);
    return true;
  }
  void timer(uint32_t) { set_task(active()); }

  uint64_t rate() const { return shaped->rate.value; }
  uint64_t count() const { return shaped->count; }
  bool active() const { return shaped->active.value; }
  bool set_rate(const String& text, Error& error) {
    Rate rate;
    if (!write_setting(self->host, rate, text, error)) return false;
    shaped->rate.value = rate.per_second;
    use_rate();
    set_timer(0, 0);
    set_task(active());
    return true;
  }
  bool set_active(const String& text, Error& error) {
    if (!write_setting(self->host, shaped->active.value, text, error)) return false;
    set_task(active());
    return true;
  }

 private:
  static constexpr uint64_t unset = ~0ull;
  /// Tokens that may be saved up: 20 ms of packets unless it was said.
  uint64_t capacity(uint64_t rate) const {
    if (burst_size != unset) return burst_size;
    const uint64_t ns = burst_duration.ns == unset ? 20'000'000 : burst_duration.ns;
    const auto tokens = static_cast<unsigned __int128>(rate) * ns / 1'000'000'000u;
    return tokens > unset ? unset : static_cast<uint64_t>(tokens);
  }
  void use_rate() { bucket.set(shard(), rate(), capacity(rate())); }
};

constexpr auto info =
    element<RatedUnqueue>("RatedUnqueue", "1.0.0")
        .processing("l/h")
        .help(
            "Pulls packets at a rate and pushes them.\n\n"
            "A token bucket: it fills with RATE tokens a second up to what BURST_SIZE or BURST_DURATION "
            "allows, and each "
            "packet takes one. It starts full.\n\n"
            "    ... -> Queue -> RatedUnqueue(1000, BURST_SIZE 10) -> ...\n\n"
            "Differs from Click: as many packets as there are tokens leave at a time, and with several "
            "shards each has "
            "its part of RATE, so that the sum is never more.")
        .required<&RatedUnqueue::rate_argument>("RATE", "packets per second")
        .argument<&RatedUnqueue::burst_duration>("BURST_DURATION",
                                                 "how long tokens are saved up (default 20ms)")
        .argument<&RatedUnqueue::burst_size>("BURST_SIZE", "how many tokens are saved up")
        .argument<&RatedUnqueue::active_argument>("ACTIVE", "false does not pull (default true)")
        .state<&RatedUnqueue::shaped>("shaped", shaped_v1,
                                      "packets passed, credit, settings changed by handlers")
        .read<&RatedUnqueue::count>("count", merge::sum, "packets passed")
        .read<&RatedUnqueue::rate>("rate", merge::same, "packets per second")
        .write<&RatedUnqueue::set_rate>("rate", "changes the rate")
        .read<&RatedUnqueue::active>("active", merge::same, "whether packets are pulled")
        .write<&RatedUnqueue::set_active>("active", "starts or stops pulling");
HOTCLICK_EXPORT(info)
