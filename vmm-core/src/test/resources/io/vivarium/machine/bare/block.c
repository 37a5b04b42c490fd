/* Block requests as fast as they go. The same file is run by Vivarium and by QEMU: begin and end of each run are told
 * on COM1, and whoever watches there holds the clock. No interrupts: the guest looks at the used ring. */
#include "virtio.h"

enum { DEPTH = 32, MIB = 1 << 20 };

static struct queue queue;
static struct device device;
static struct { u32 type, reserved; u64 sector; } headers[DEPTH];
static volatile u8 status[DEPTH];
static u8 data[8 * MIB] __attribute__((aligned(4096)));
static u64 sectors, random = 88172645463325252ul;

/* Slot s has descriptors 3s (header), 3s + 1 (data), 3s + 2 (status). */
static void prepare(u32 depth, u32 type, u32 bytes) {
  for (u32 s = 0; s < depth; s++) {
    headers[s].type = type;
    headers[s].reserved = 0;
    queue.descriptors[3 * s] = (struct descriptor){(u64)&headers[s], 16, NEXT, 3 * s + 1};
    queue.descriptors[3 * s + 1] =
        (struct descriptor){(u64)data + (u64)s * bytes, bytes, NEXT | (type == 0 ? WRITE : 0), 3 * s + 2};
    queue.descriptors[3 * s + 2] = (struct descriptor){(u64)&status[s], 1, WRITE, 0};
  }
}

static void run(const char *name, u32 type, u32 bytes, u32 depth, u32 count, int sequential) {
  u32 unit = bytes / 512, submitted = 0, done = 0;
  u32 places = sectors / unit;
  u16 seen = queue.used.index, posted = queue.available.index;
  if (depth * bytes > sizeof data || depth > DEPTH) die("too deep");
  prepare(depth, type, bytes);
  print("begin ");
  print(name);
  print("\n");
  u32 batch = depth;
  for (u32 s = 0; s < depth; s++) queue.available.ring[(u16)(posted + s) % SIZE] = 3 * s;
  while (done < count) {
    /* The ring's entries that are to be sent stand already, at least one. */
    for (u32 i = 0; i < batch; i++) {
      u32 slot = queue.available.ring[(u16)(posted + i) % SIZE] / 3;
      random ^= random << 13;
      random ^= random >> 7;
      random ^= random << 17;
      headers[slot].sector = (u64)unit * (sequential ? submitted % places : (random >> 8) % places);
      submitted++;
    }
    posted += batch;
    barrier();
    queue.available.index = posted;
    full_barrier();
    if (!(queue.used.flags & 1)) *device.doorbell = 0;
    while (queue.used.index == seen) {}
    batch = 0;
    while (queue.used.index != seen) {
      u32 head = queue.used.ring[seen % SIZE].id;
      if (status[head / 3] != 0) die("the disk reported an error");
      seen++;
      done++;
      if (submitted + batch < count) queue.available.ring[(u16)(posted + batch++) % SIZE] = head;
    }
    while (batch == 0 && done < count) {
      /* the tail: only completions are left */
      while (queue.used.index == seen) {}
      seen++;
      done++;
    }
  }
  print("end ");
  print(name);
  print(" ");
  print_number(done);
  print("\n");
}

void guest_main(void) {
  if (!find(&device, 0x1042, 0x1001)) die("no disk");
  queue.available.flags = 1; /* no interrupts */
  start(&device, &queue, BLOCK_FLUSH);
  sectors = *(volatile u32 *)device.config | (u64)*(volatile u32 *)(device.config + 4) << 32;
  print("ready\n");
  for (int round = 0; round < ROUNDS; round++) {
    run("read-4k-depth-32", 0, 4096, 32, COUNT, 0);
    run("write-4k-depth-32", 1, 4096, 32, COUNT, 0);
    run("read-4k-depth-1", 0, 4096, 1, COUNT / 4, 0);
    run("write-4k-depth-1", 1, 4096, 1, COUNT / 4, 0);
    run("read-1m-sequential", 0, MIB, 4, COUNT / 64, 1);
    run("write-1m-sequential", 1, MIB, 4, COUNT / 64, 1);
  }
  print("done\n");
}
