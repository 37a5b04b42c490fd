/* A guest that rewrites its descriptors while the device reads them: the processor goes on as soon as it has kicked,
 * and the device works in a thread of its own. When the device asks for a reset it gets one; at the end an honest
 * request must still be answered. */
#include "virtio.h"

static struct queue queue;
static struct device device;
static struct { u32 type, reserved; u64 sector; } header;
static volatile u8 status;
static u8 data[4096] __attribute__((aligned(4096)));
static u64 random = 88172645463325252ul;

static u32 next_random(void) {
  random ^= random << 13;
  random ^= random >> 7;
  random ^= random << 17;
  return random >> 16;
}

static void honest(u16 at) {
  header.type = 0;
  header.sector = next_random() % 8;
  queue.descriptors[0] = (struct descriptor){(u64)&header, 16, NEXT, 1};
  queue.descriptors[1] = (struct descriptor){(u64)data, 4096, NEXT | WRITE, 2};
  queue.descriptors[2] = (struct descriptor){(u64)&status, 1, WRITE, 0};
  queue.available.ring[at % SIZE] = 0;
}

/* One field of one descriptor, or of the ring, becomes something that may be anything. */
static void spoil(void) {
  struct descriptor *d = &queue.descriptors[next_random() % 4];
  switch (next_random() % 8) {
    case 0: d->address = (u64)next_random() << (next_random() % 36); break;
    case 1: d->length = next_random(); break;
    case 2: d->flags = next_random() % 8; break;
    case 3: d->next = next_random(); break;
    case 4: d->next = next_random() % 4; break;
    case 5: header.sector = (u64)next_random() << (next_random() % 40); break;
    case 6: header.type = next_random() % 16; break;
    default: queue.available.ring[next_random() % SIZE] = next_random();
  }
}

static void clear(void) {
  queue.available.index = 0;
  queue.used.index = 0;
  for (u32 i = 0; i < SIZE; i++) queue.available.ring[i] = 0;
}

void guest_main(void) {
  struct device *found = &device;
  u32 resets = 0, answered = 0;
  if (!find(found, 0x1042, 0x1001)) die("no disk");
  queue.available.flags = 1;
  start(found, &queue, BLOCK_FLUSH);
  print("ready\n");
  for (u32 round = 0; round < ROUNDS; round++) {
    u16 at = queue.available.index, before = queue.used.index;
    honest(at);
    barrier();
    queue.available.index = at + 1;
    full_barrier();
    *found->doorbell = 0;
    u32 spoils = next_random() % 8;
    for (u32 i = 0; i < spoils; i++) spoil();
    if (next_random() % 64 == 0) queue.available.index = next_random(); /* far more than there is */
    for (u32 wait = 0; wait < 200 && queue.used.index == before; wait++) {}
    answered += queue.used.index != before;
    if (round % 16 == 15) {
      volatile u8 *common = found->common;
      int broken = *(common + 20) & NEEDS_RESET;
      if (broken || round % 256 == 255) { /* or, with requests in flight, because it likes to */
        *(common + 20) = 0;
        while (*(common + 20)) {}
        clear();
        start(found, &queue, BLOCK_FLUSH);
        resets += broken != 0;
      }
    }
  }
  *(found->common + 20) = 0;
  while (*(found->common + 20)) {}
  clear();
  start(found, &queue, BLOCK_FLUSH);
  honest(0);
  header.sector = 3;
  status = 0xff;
  barrier();
  queue.available.index = 1;
  full_barrier();
  *found->doorbell = 0;
  while (queue.used.index != 1) {}
  print("resets ");
  print_number(resets);
  print(" answered ");
  print_number(answered);
  print(" status ");
  print_number(status);
  print(" byte ");
  print_number(data[0]);
  print("\n");
}
