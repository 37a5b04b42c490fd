/* What bare-metal guests need: a serial port, PCI, and a driver for one virtio queue (virtio 1.2, 4.1).
 * Only instructions that a KVM which interprets ring 0 knows. */
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long u64;

static inline void out8(u16 port, u8 value) { asm volatile("outb %0, %1" : : "a"(value), "Nd"(port)); }
static inline void out32(u16 port, u32 value) { asm volatile("outl %0, %1" : : "a"(value), "Nd"(port)); }
static inline u8 in8(u16 port) { u8 v; asm volatile("inb %1, %0" : "=a"(v) : "Nd"(port)); return v; }
static inline u32 in32(u16 port) { u32 v; asm volatile("inl %1, %0" : "=a"(v) : "Nd"(port)); return v; }
/* The emulator lacks mfence. */
static inline void full_barrier(void) { asm volatile("lock orl $0, (%%rsp)" : : : "memory", "cc"); }
static inline void barrier(void) { asm volatile("" : : : "memory"); }

static void print(const char *text) {
  for (; *text; text++) {
    while (!(in8(0x3fd) & 0x20)) {}
    out8(0x3f8, *text);
  }
}

static void print_number(u64 n) {
  char digits[24], *at = digits + 23;
  *at = 0;
  do {
    *--at = '0' + n % 10;
    n /= 10;
  } while (n);
  print(at);
}

static void die(const char *why) {
  print(why);
  print("\n");
  while (1) asm volatile("cli; hlt");
}

static u32 config_read(u32 slot, u32 at) {
  out32(0xcf8, 0x80000000u | slot << 11 | (at & ~3u));
  return in32(0xcfc) >> 8 * (at & 3);
}

static void config_write(u32 slot, u32 at, u32 value) {
  out32(0xcf8, 0x80000000u | slot << 11 | at);
  out32(0xcfc, value);
}

struct descriptor { u64 address; u32 length; u16 flags, next; };
enum { NEXT = 1, WRITE = 2, SIZE = 256 };

struct queue {
  struct descriptor descriptors[SIZE] __attribute__((aligned(4096)));
  struct { volatile u16 flags, index, ring[SIZE], used_event; } available __attribute__((aligned(4096)));
  struct { volatile u16 flags, index; volatile struct { u32 id, length; } ring[SIZE]; u16 avail_event; } used
      __attribute__((aligned(4096)));
};

struct device {
  u32 slot;
  volatile u8 *common, *notify, *config;
  u32 multiplier;
  volatile u16 *doorbell;
};

static int find(struct device *device, u16 modern, u16 legacy) {
  for (u32 slot = 0; slot < 32; slot++) {
    u32 id = config_read(slot, 0);
    if (id != (0x1af4u | (u32)modern << 16) && id != (0x1af4u | (u32)legacy << 16)) continue;
    device->slot = slot;
    config_write(slot, 4, (config_read(slot, 4) & 0xffff) | 6);
    for (u32 cap = config_read(slot, 0x34) & 0xff; cap; cap = config_read(slot, cap + 1) & 0xff) {
      if ((config_read(slot, cap) & 0xff) != 9) continue;
      u32 type = config_read(slot, cap + 3) & 0xff, bar = config_read(slot, cap + 4) & 0xff;
      u32 low = config_read(slot, 0x10 + 4 * bar);
      u64 base = low & ~0xfull;
      if ((low & 6) == 4) base |= (u64)config_read(slot, 0x14 + 4 * bar) << 32;
      volatile u8 *at = (volatile u8 *)(base + config_read(slot, cap + 8));
      if (type == 1) device->common = at;
      if (type == 2) device->notify = at, device->multiplier = config_read(slot, cap + 16);
      if (type == 4) device->config = at;
    }
    return device->common != 0;
  }
  return 0;
}

#define COMMON(type, at) (*(volatile type *)(device->common + (at)))
enum { ACKNOWLEDGE = 1, DRIVER = 2, DRIVER_OK = 4, FEATURES_OK = 8, NEEDS_RESET = 64 };

/* VIRTIO_BLK_F_FLUSH: without it a disk writes through. */
enum { BLOCK_FLUSH = 1 << 9 };

/* Resets the device and gives it queue 0; of features 0 to 31 it accepts these, which must be offered. */
static void start(struct device *device, struct queue *queue, u32 features) {
  COMMON(u8, 20) = 0;
  while (COMMON(u8, 20)) {}
  COMMON(u8, 20) = ACKNOWLEDGE | DRIVER;
  COMMON(u32, 8) = 0;
  COMMON(u32, 12) = features;
  COMMON(u32, 8) = 1;
  COMMON(u32, 12) = 1; /* VIRTIO_F_VERSION_1 */
  COMMON(u8, 20) = ACKNOWLEDGE | DRIVER | FEATURES_OK;
  if (!(COMMON(u8, 20) & FEATURES_OK)) die("features refused");
  COMMON(u16, 22) = 0;
  COMMON(u16, 24) = SIZE;
  COMMON(u32, 32) = (u32)(u64)queue->descriptors;
  COMMON(u32, 36) = 0;
  COMMON(u32, 40) = (u32)(u64)&queue->available;
  COMMON(u32, 44) = 0;
  COMMON(u32, 48) = (u32)(u64)&queue->used;
  COMMON(u32, 52) = 0;
  device->doorbell = (volatile u16 *)(device->notify + COMMON(u16, 30) * device->multiplier);
  COMMON(u16, 28) = 1;
  COMMON(u8, 20) = ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK;
}
