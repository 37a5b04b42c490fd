/* A guest that touches MEBIBYTES of its memory, says "ready", and from then on sleeps until a byte comes at COM1, for
 * which it writes to PAGES of its pages, far from one another, and then answers. So whoever sends it a byte every few
 * milliseconds sets the pace at which it writes. */
#pragma GCC diagnostic ignored "-Wunused-function" /* of the queues */
#include "virtio.h"

#define FIRST (16 << 20)
#define COUNT ((((u64)(MEBIBYTES) << 20) - FIRST) / 4096)
#define STRIDE 7919 /* a prime: all pages come by before one comes again */

struct gate { u16 low, selector, type, middle; u32 high, reserved; } __attribute__((packed));
static struct gate gates[0x25] __attribute__((aligned(16)));
static struct { u16 limit; u64 base; } __attribute__((packed)) table = {sizeof gates - 1, (u64)gates};
static u64 next, value;

/* IRQ 4, on vector 0x24. */
__attribute__((interrupt)) static void received(void *frame) {
  (void)frame;
  while (in8(0x3fd) & 1) {
    in8(0x3f8);
    for (u64 i = 0; i < PAGES; i++) {
      *(volatile u64 *)(FIRST + next * 4096) = ++value;
      next = (next + STRIDE) % COUNT;
    }
    out8(0x3f8, '.');
  }
  out8(0x20, 0x20); /* end of interrupt */
}

void guest_main(void) {
  for (u64 at = FIRST; at < (u64)MEBIBYTES << 20; at += 8) *(volatile u64 *)at = at;
  u64 handler = (u64)received;
  gates[0x24] = (struct gate){handler, 8, 0x8e00, handler >> 16, handler >> 32, 0};
  asm volatile("lidt %0" : : "m"(table));
  out8(0x20, 0x11), out8(0x21, 0x20), out8(0x21, 4), out8(0x21, 1); /* the first 8259A: vectors from 0x20 on */
  out8(0x21, 0xef); /* all masked but IRQ 4 */
  out8(0x3fc, 0x0b); /* OUT2 lets interrupts through */
  out8(0x3f9, 1); /* received data */
  print("ready\n");
  for (;;) asm volatile("sti; hlt");
}
