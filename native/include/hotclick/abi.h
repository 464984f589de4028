/* The C ABI between the core and an element library.
 *
 * An element library exports one symbol, `hotclick_element`, a constant `hc_descriptor`. Everything else goes
 * through function pointers: the core calls the descriptor's functions, the element calls the `hc_host` table
 * that its instance carries. No global of either side is visible to the other, so any number of versions of a
 * class can be loaded at once. Authors write C++ against element.hpp, which wraps this file.
 *
 * Rules: nothing here allocates or locks on the packet path. Addresses on the wire are in network order,
 * everything else in host order. Sizes are bytes, times nanoseconds unless a name says otherwise.
 */
#ifndef HOTCLICK_ABI_H
#define HOTCLICK_ABI_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Raised whenever a structure or the meaning of a call below changes. A structure that changed without it is noticed
 * too: see abi_layout.hpp. */
#define HC_ABI_VERSION 2u
#define HC_BATCH_CAPACITY 256u
/* Size of a packet buffer; a frame never leaves it. */
#define HC_BUFFER_SIZE 2048u
/* Headroom a fresh packet has at least. */
#define HC_HEADROOM 128u
#define HC_MAX_TIMERS 4u
/* Text of an error, including the final zero. */
#define HC_ERROR_SIZE 512u
/* "No output": the value a classifying element returns for a packet that it drops. */
#define HC_NO_PORT 0xFFFFu

typedef struct hc_packet hc_packet;
typedef struct hc_batch hc_batch;
typedef struct hc_shard hc_shard;
typedef struct hc_instance hc_instance;
typedef struct hc_host hc_host;
typedef struct hc_table hc_table;
typedef struct hc_queue hc_queue;
typedef struct hc_device hc_device;
typedef struct hc_classifier hc_classifier;

/* hc_packet.flags */
#define HC_PACKET_TRACED 1u     /* a trace session follows this packet */
#define HC_PACKET_TRACE_SEEN 2u /* the trace filter has looked at it */
#define HC_PACKET_VLAN 4u       /* vlan_tci is valid (tag restored or to be inserted) */

/* hc_packet.packet_type: Click's packet type annotation, values of <linux/if_packet.h> */
#define HC_TYPE_HOST 0u
#define HC_TYPE_BROADCAST 1u
#define HC_TYPE_MULTICAST 2u
#define HC_TYPE_OTHERHOST 3u
#define HC_TYPE_OUTGOING 4u

/* One frame. The first cache line is all that forwarding touches; annotations are Click's. */
struct hc_packet {
  uint8_t* data;   /* first byte of the frame */
  uint8_t* buffer; /* start of its HC_BUFFER_SIZE bytes */
  uint32_t length; /* bytes from data */
  uint32_t index;  /* number in the arena */
  /* Header positions as offsets from `buffer`; 0 means not set (a header never starts at buffer[0]). */
  uint16_t mac_offset, network_offset, transport_offset;
  uint16_t flags;
  /* Annotations */
  uint32_t destination; /* IPv4 destination annotation, network order */
  uint8_t paint;
  uint8_t packet_type;
  uint8_t fix_ip_source;  /* FixIPSrc: the source address must be replaced */
  uint8_t icmp_parameter; /* ICMP parameter problem pointer */
  uint64_t timestamp;     /* ns since the epoch; 0 = none */
  uint32_t aggregate;
  uint16_t vlan_tci;
  uint16_t trace_id_low;
  /* Number + 1 of the shard that took it off its free stack and has not handed it over since: by this the core
   * finds the packets that were lost with code that crashed. */
  uint32_t holder;
  uint32_t reserved;
  /* Second line: rarely touched */
  uint8_t destination6[16];
  uint32_t trace_id;
  uint32_t sequence;
  uint64_t extra_packets, extra_bytes;
  uint8_t user[24];
} __attribute__((aligned(64)));

/* An array of packets that elements hand on. Whoever is given a batch owns its packets, never the array:
 * after a push returns, the caller may use the array again and must treat it as empty. */
struct hc_batch {
  uint32_t count;
  uint32_t reserved;
  hc_packet* packets[HC_BATCH_CAPACITY];
};

/* Where an output leads: an output that is not connected leads to a counting discard. Null `push`: the output
 * is pulled from. */
typedef struct hc_push_edge {
  void (*push)(void* object, uint32_t port, hc_batch* batch);
  void* object;
  uint32_t port;
  uint32_t reserved;
} hc_push_edge;

/* Where a pull input comes from. `pull` appends at most `max` packets to `batch` and returns how many. Null
 * `pull`: packets are pushed to this input. */
typedef struct hc_pull_edge {
  uint32_t (*pull)(void* object, uint32_t port, hc_batch* batch, uint32_t max);
  void* object;
  uint32_t port;
  uint32_t reserved;
} hc_pull_edge;

/* The part of a shard that elements see. Written by the shard's own thread only. */
struct hc_shard {
  uint32_t index;
  uint32_t count;       /* shards in this engine */
  uint64_t now;         /* CLOCK_MONOTONIC ns, read once per loop round */
  uint64_t wall_offset; /* add to `now` for ns since the epoch */
  uint32_t ticks;       /* 100 ms units since 2020-01-01, never goes back within a run: the clock of expiry */
  uint32_t tracing;     /* not 0 while a trace session runs */
  hc_packet** free_packets; /* stack of free packets */
  uint32_t free_count, free_capacity;
  uint8_t* scratch; /* bump stack for batches made while splitting; see hc_scratch in batch.hpp */
  uint8_t* scratch_end;
  uint64_t random; /* xorshift state */
  const hc_host* host;
  void* pool; /* the core's */
};

/* What the core keeps for one element of the graph in one shard. */
struct hc_instance {
  const hc_push_edge* outputs;
  const hc_pull_edge* inputs;
  uint32_t noutputs, ninputs;
  hc_shard* shard;
  const hc_host* host;
  uint64_t* drops;  /* one counter per drop reason of the class */
  const char* name; /* element name in the graph; stays valid */
  void* object;     /* the element's own object */
  void* core;       /* the core's */
};

/* ---- descriptor ---------------------------------------------------------------------------------------- */

typedef enum hc_type {
  HC_BOOL = 1,
  HC_U8,
  HC_U16,
  HC_U32,
  HC_U64,
  HC_I32,
  HC_I64,
  HC_F64,
  HC_IP4,      /* 4 bytes, network order */
  HC_PREFIX4,  /* hc_prefix4 */
  HC_IP6,      /* 16 bytes */
  HC_ETHER,    /* 6 bytes */
  HC_DURATION, /* u64 ns; text '1.5s', '20ms', '30' (seconds) */
  HC_RATE,     /* u64 per second; text '50k', '1M' */
  HC_STRING,   /* hc_string, unquoted; valid until the instance is destroyed */
  HC_TIME,     /* u64 ns since the epoch (state fields) */
  HC_BYTES,    /* opaque bytes (state fields) */
  HC_TEXT,     /* zero-terminated characters (state fields) */
  HC_PORT,     /* u16 in network order: a TCP or UDP port (state fields) */
  HC_REST,     /* all remaining arguments, raw, see hc_arguments */
  HC_POINTER   /* an address; refused in state, which outlives what it leads to */
} hc_type;

typedef struct hc_string {
  const char* data;
  uint32_t length;
  uint32_t reserved;
} hc_string;
typedef struct hc_prefix4 {
  uint32_t address, mask;
} hc_prefix4; /* network order */

#define HC_ARG_POSITIONAL 1u
#define HC_ARG_MANDATORY 2u

typedef struct hc_argument {
  const char* name;
  const char* help;
  void* (*member)(void* object); /* where the parsed value goes */
  uint32_t type;                 /* hc_type */
  uint32_t flags;
} hc_argument;

/* The arguments an element was configured with, as text. */
typedef struct hc_arguments {
  const hc_string* rest; /* arguments not taken by a declared one, raw text (quotes kept) */
  uint32_t nrest;
  uint32_t failed_argument;   /* set with error: index into the full list, or UINT32_MAX */
  const uint32_t* rest_index; /* for each of rest: its index in the full list */
  char error[HC_ERROR_SIZE];
} hc_arguments;

typedef enum hc_merge {
  HC_MERGE_SUM = 1,
  HC_MERGE_MAX,
  HC_MERGE_MIN,
  HC_MERGE_FIRST,
  HC_MERGE_CONCAT,
  HC_MERGE_SAME
} hc_merge;

/* Text that grows in a caller's buffer; `overflow` is set when it did not fit. */
typedef struct hc_text {
  char* data;
  uint32_t length, capacity;
  uint32_t overflow;
  uint32_t reserved;
} hc_text;

/* hc_handler.flags */
#define HC_HANDLER_PARAMETER 1u /* reading takes a parameter, as `lookup ADDRESS` does */

typedef struct hc_handler {
  const char* name;
  const char* help;
  /* Appends the value to `out`. `parameter` is empty where none was given. Returns 0 when done; otherwise the
   * message is in `error` (HC_ERROR_SIZE). Null when the handler cannot be read. */
  int (*read)(void* object, const hc_string* parameter, hc_text* out, char* error);
  /* Returns 0 when done; otherwise the message is in `error` (HC_ERROR_SIZE). Null when it cannot be written.
   */
  int (*write)(void* object, const hc_string* value, char* error);
  uint32_t merge;
  uint32_t flags;
} hc_handler;

typedef struct hc_field {
  const char* name;
  uint32_t type, offset, size;
  /* hc_merge: what becomes of the values where two states become one: those of shards that are no more, when an
   * engine starts with fewer, and of an older version that ran beside the newest (see `knows`). 0: the one that
   * stays keeps its own. */
  uint32_t merge;
} hc_field;

/* A record as another version wrote it. */
typedef struct hc_record_view {
  const uint8_t* data;
  const struct hc_schema* schema;
} hc_record_view;

/* The author's conversion, run after fields of equal name have been carried over. */
typedef void (*hc_convert)(const hc_record_view* from, void* to);
typedef struct hc_conversion {
  uint32_t version;
  uint32_t reserved;
  hc_convert convert;
} hc_conversion;

typedef struct hc_schema {
  const hc_field* fields;
  uint32_t nfields;
  uint32_t size;
  uint32_t version;
  uint32_t nconversions;
  /* up: from the lower version given to this one; down: from this one to the lower version given. */
  const hc_conversion* up;
  const hc_conversion* down;
  uint32_t nup, ndown;
} hc_schema;

typedef enum hc_state_kind {
  HC_STATE_STATIC = 1, /* fixed-size variables of an instance */
  HC_STATE_SECTION,    /* the library's static variables, in the section `hcstate`, mapped over on load */
  HC_STATE_TABLE,      /* keyed records */
  HC_STATE_QUEUE       /* packets in flight */
} hc_state_kind;

typedef struct hc_state {
  const char* name;
  const char* help;
  uint32_t kind;
  uint32_t reserved;
  hc_schema schema; /* of the fields or of the table's value */
  hc_schema key;    /* tables only */
  /* The handle inside the object: hc_state_slot, hc_table_slot or hc_queue_slot. Null for sections. */
  void* (*member)(void* object);
  void (*defaults)(void* value); /* static and section: writes the initial value */
  /* Tables: called in the shard before an expired record goes; returns 0 to let it go, otherwise the ticks
   * to stay longer. May be null. */
  uint32_t (*expire)(void* object, uint32_t slot, void* key, void* value);
  void* section;         /* sections only: address in the library */
  uint64_t section_size; /* bytes, a multiple of 4096 */
} hc_state;

typedef struct hc_state_slot {
  void* value;
} hc_state_slot;
typedef struct hc_table_slot {
  hc_table* table;
  uint32_t capacity;
  uint32_t reserved;
} hc_table_slot;
typedef struct hc_queue_slot {
  hc_queue* queue;
  uint32_t capacity;
  uint32_t reserved;
} hc_queue_slot;

typedef struct hc_drop_reason {
  const char* name;
  const char* help;
} hc_drop_reason;

typedef struct hc_descriptor {
  uint32_t abi;    /* HC_ABI_VERSION */
  uint32_t size;   /* sizeof(hc_descriptor) */
  uint64_t layout; /* of all structures here, as abi_layout.hpp sums them up */
  const char* class_name;
  const char* version;    /* "major.minor.patch" */
  const char* ports;      /* Click's port count code */
  const char* processing; /* Click's processing code */
  const char* flow;       /* Click's flow code */
  const char* help;       /* what it does; first line is the summary */
  const hc_argument* arguments;
  const hc_handler* handlers;
  const hc_state* states;
  const hc_drop_reason* drops;
  uint32_t narguments, nhandlers, nstates, ndrops;
  uint64_t object_size, object_align;
  /* Off the packet path, any thread. */
  void (*construct)(void* object, hc_instance* instance);
  void (*destroy)(void* object);
  /* Declared arguments have been parsed into their members already. 0 = good. */
  int (*configure)(void* object, hc_arguments* arguments);
  /* Opens devices, builds tables of its own; its declared state is not there yet. 0 = good. */
  int (*initialize)(void* object, char* error);
  /* On the shard, at a batch boundary, with all state in place: must take constant time. `adopted` is 1 when
   * an older instance's state was taken over. Null when there is nothing to do. */
  void (*start)(void* object, int adopted);
  /* On the packet path. Null where the class has no such part. */
  void (*push)(void* object, uint32_t port, hc_batch* batch);
  uint32_t (*pull)(void* object, uint32_t port, hc_batch* batch, uint32_t max);
  /* A task: does a bounded piece of work (about a batch); 0 = there was nothing to do. */
  int (*run)(void* object);
  void (*timer)(void* object, uint32_t id);
  /* Packets held in private storage, not in a queue state, that must still leave when the element is removed.
   * While there are any, the packets lost in a crash cannot be told from them and are not given back. May be
   * null. */
  uint64_t (*pending)(void* object);
  /* Which packets belong to flows that this instance has records of: writes 1 or 0 to `known` for each packet
   * of the batch. Asked before a batch that comes to input `port`, when a newer version runs beside this one
   * and takes all other packets; the packets stay the caller's. A flow that has ended, or that one of the
   * packets begins anew, must not be known from then on. Null when the class has no flows. */
  void (*knows)(void* object, uint32_t port, const hc_batch* batch, uint8_t* known);
} hc_descriptor;

/* The one exported symbol. */
#define HC_DESCRIPTOR_SYMBOL "hotclick_element"

/* ---- packet queues --------------------------------------------------------------------------------------
 * A ring of one producer and one consumer: the hand-over between push and pull and between shards. */
struct hc_queue {
  uint64_t head __attribute__((aligned(64))); /* next to take; written by the consumer */
  uint64_t tail __attribute__((aligned(64))); /* next free; written by the producer */
  uint32_t mask __attribute__((aligned(64))); /* ring slots - 1 */
  uint32_t limit;                             /* packets it may hold */
  hc_packet** ring;
};

/* ---- tables: what table.hpp reads inline ----------------------------------------------------------------- */

/* Before every record. A slot whose `layout` is 0 holds nothing, or nothing converted yet. */
typedef struct hc_record {
  uint32_t hash;
  uint16_t layout;  /* the table's layout number when it was written */
  uint16_t flags;   /* HC_RECORD_LIVE */
  uint32_t expires; /* ticks; 0 = never */
  uint32_t link;    /* free list, or the element's own use (a partner's slot) */
} hc_record;
#define HC_RECORD_LIVE 1u
#define HC_NO_SLOT 0xFFFFFFFFu

/* The part of a table that is read inline. Everything is written by the shard's thread. */
struct hc_table {
  uint8_t* records;
  uint64_t* index;     /* hash << 32 | slot + 1; 0 = empty */
  uint64_t* old_index; /* while the index grows: looked at after a miss; null otherwise */
  uint64_t* dirty;     /* one bit a page of slots */
  hc_shard* shard;
  uint64_t seed;
  uint32_t index_mask, old_mask;
  uint32_t stride, value_offset, key_size;
  uint32_t layout;
  uint32_t page_shift; /* slots a page, as a power of two */
  uint32_t live, capacity;
  uint32_t old_stride;
  uint8_t*
      old_records; /* while records are converted: where they come from, to be fetched early; null otherwise */
};

/* ---- devices ------------------------------------------------------------------------------------------- */

typedef struct hc_device_stats {
  uint64_t rx_packets, rx_bytes, tx_packets, tx_bytes;
  uint64_t rx_kernel_drops; /* the kernel found no room in our ring */
  uint64_t rx_ring_freezes;
  uint64_t rx_too_long;  /* longer than a packet buffer */
  uint64_t rx_no_packet; /* the packet pool was empty */
  uint64_t tx_errors;
  uint64_t link_up; /* 1 up, 0 down */
  uint64_t link_changes;
  uint64_t rx_checksum_missing; /* the sender left the checksum to its hardware (ethtool -K PEER tx off) */
  uint64_t rx_truncated;        /* capture files: records that end before their frame does */
  uint64_t file_position, file_size; /* capture files: bytes; size 0 when it is not known */
} hc_device_stats;

/* An open device of one shard. Instances share it by name, so an upgrade of FromDevice opens nothing. */
struct hc_device {
  /* Appends at most `max` packets to `batch`, returns how many. */
  uint32_t (*receive)(hc_device* device, hc_batch* batch, uint32_t max);
  /* Sends what it can without blocking; takes sent packets out of the front of the batch (those left stay,
   * in order, batch->count is the rest). Returns how many were sent. */
  uint32_t (*send)(hc_device* device, hc_batch* batch);
  void (*flush)(hc_device* device);
  void (*read_stats)(hc_device* device, hc_device_stats* stats);
  void (*close)(hc_device* device);
  int fd;            /* readable when there is something to receive; -1 for files */
  uint32_t finished; /* files: the end was reached */
  hc_shard* shard;
  uint8_t mac[6]; /* own address; zeros if there is none */
  uint16_t mtu;
  uint16_t link_type; /* LINKTYPE_ number of the frames: 1 Ethernet, 101 IP without a link header */
  const char* error;  /* files: why reading or writing stopped early; null otherwise. Valid while open */
};

/* ---- what the core offers ------------------------------------------------------------------------------ */

struct hc_host {
  uint32_t abi;
  uint32_t size;

  /* Packets. `refill` moves packets from the common depot to the shard's stack and returns the new
   * free_count; `spill` moves some back when the stack is full. */
  uint32_t (*refill)(hc_shard* shard);
  void (*spill)(hc_shard* shard);
  void (*trace_drop)(hc_instance* instance, uint32_t reason, hc_packet* const* packets, uint32_t count);

  /* Tasks and timers (own shard only). */
  void (*set_task)(hc_instance* instance, int active);
  void (*set_timer)(hc_instance* instance, uint32_t id, uint64_t at); /* monotonic ns; 0 = off */

  /* Tables: the slow half; the fast half is inline in table.hpp. `table_insert` returns the slot of a new
   * record with that key (value zeroed, hash = hc_hash of the key), or UINT32_MAX when it is full. */
  uint32_t (*table_insert)(hc_table* table, uint32_t hash, const void* key);
  void (*table_erase)(hc_table* table, uint32_t slot);
  void (*table_convert)(hc_table* table, uint32_t slot); /* brings a record to the current layout */
  void (*table_step)(hc_table* table);                   /* moves a growing index on by some entries */

  /* Devices. kind: "af_packet", "tap", "tun", "pcap-read", "pcap-write"; `options` are KEY=VALUE words.
   * Opening the same kind, name and options again in a shard gives the same device. Null and `error` set
   * when it cannot be opened. */
  hc_device* (*device_open)(hc_instance* instance, const char* kind, const char* name, const char* options,
                            char* error);
  void (*device_close)(hc_instance* instance, hc_device* device);
  /* The hardware and first IPv4 address of a network interface. 0 = good. */
  int (*interface_address)(const char* name, uint8_t mac[6], uint32_t* ip4);

  /* Classifiers. kind: "classifier", "ipclassifier", "ipfilter"; patterns as the element got them. Null and
   * `error` set when a pattern is wrong; `failed` is then the pattern's index. `classify` writes for each
   * packet of the batch its output, or HC_NO_PORT. Compile off the path only. */
  hc_classifier* (*classifier_compile)(const char* kind, const hc_string* patterns, uint32_t count,
                                       char* error, uint32_t* failed);
  void (*classifier_free)(hc_classifier* classifier);
  void (*classify)(const hc_classifier* classifier, const hc_batch* batch, uint16_t* ports);
  void (*classifier_text)(const hc_classifier* classifier, hc_text* out);

  /* Text: parse a value of `type` into `value`; 0 = good. Arguments the element splits itself use this. */
  int (*parse)(uint32_t type, const hc_string* text, void* value, char* error);
  void (*append)(hc_text* out, const char* format, ...) __attribute__((format(printf, 2, 3)));
  void (*fail)(char* error, const char* format, ...) __attribute__((format(printf, 2, 3)));

  /* Messages. `log` writes one line to the engine's log (rate limited); `print` is what Print and Script say.
   */
  void (*log)(hc_instance* instance, const char* format, ...) __attribute__((format(printf, 2, 3)));
  void (*print)(hc_instance* instance, const char* text, uint32_t length);
  /* Reads a handler "element.name" as the handlers of all shards merge it, or writes it in all shards: here
   * before the call returns, in the others soon after. 0 = good. Off the packet path only. */
  int (*read_handler)(hc_instance* instance, const hc_string* path, const hc_string* parameter, hc_text* out,
                      char* error);
  int (*write_handler)(hc_instance* instance, const hc_string* path, const hc_string* value, char* error);
  /* Asks the engine to stop the router (DriverManager, Script). */
  void (*stop)(hc_instance* instance);

  /* Memory, off the packet path: aligned to 64, zeroed, counted. */
  void* (*allocate)(uint64_t size);
  void (*release)(void* memory);

  /* Another shard: hands a packet to the same element (by name) of `shard`, which gets it by push on `port`
   * in its next round. 0 = the ring was full and the packet is still the caller's. */
  int (*hand_over)(hc_instance* instance, uint32_t shard, uint32_t port, hc_packet* packet);
  /* The shard that receives packets with these addresses and ports (all network order) from the devices. */
  uint32_t (*shard_of)(uint32_t source, uint32_t destination, uint16_t source_port, uint16_t destination_port,
                       uint8_t protocol, uint32_t shards);

  /* Versions side by side: 1 when the table of an older version that still runs beside this one (see `knows`)
   * holds a record with that key. An element that chooses keys, such as the ports of a NAT, asks it too. */
  int (*table_elsewhere)(const hc_table* table, const void* key);
};

#ifdef __cplusplus
}
#endif
#endif
