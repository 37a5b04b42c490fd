package io.vivarium.devices.virtio;

import static io.vivarium.devices.virtio.testkit.MockQueue.INDIRECT;
import static io.vivarium.devices.virtio.testkit.MockQueue.NEXT;
import static io.vivarium.devices.virtio.testkit.MockQueue.WRITE;

import io.vivarium.devices.virtio.testkit.MockGuest;
import io.vivarium.devices.virtio.testkit.MockQueue;

/** Chains that no device may believe; the numbers are those of REFERENCE.md, section 3. */
enum HostileChain {
  SELF_LOOP_1 {
    @Override
    void write(MockQueue queue, MockGuest guest) {
      queue.descriptor(0, guest.allocate(16), 16, NEXT, 0);
      queue.offer(0);
    }
  },
  TWO_NODE_LOOP_2 {
    @Override
    void write(MockQueue queue, MockGuest guest) {
      queue.descriptor(0, guest.allocate(16), 16, NEXT, 1);
      queue.descriptor(1, guest.allocate(16), 16, NEXT, 0);
      queue.offer(0);
    }
  },
  NEXT_BEYOND_TABLE_3 {
    @Override
    void write(MockQueue queue, MockGuest guest) {
      queue.descriptor(0, guest.allocate(16), 16, NEXT, queue.size());
      queue.offer(0);
    }
  },
  LENGTH_FFFFFFFF_5 {
    @Override
    void write(MockQueue queue, MockGuest guest) {
      queue.descriptor(0, guest.allocate(16), 0xffff_ffffL, WRITE, 0);
      queue.offer(0);
    }
  },
  LENGTHS_THAT_WRAP_6 {
    @Override
    void write(MockQueue queue, MockGuest guest) {
      queue.descriptor(0, guest.allocate(16), 0xffff_fff0L, NEXT | WRITE, 1);
      queue.descriptor(1, guest.allocate(32), 32, WRITE, 0);
      queue.offer(0);
    }
  },
  ADDRESS_THAT_WRAPS_7 {
    @Override
    void write(MockQueue queue, MockGuest guest) {
      queue.descriptor(0, -8L, 16, WRITE, 0);
      queue.offer(0);
    }
  },
  ADDRESS_NEAR_2_POW_63_7 {
    @Override
    void write(MockQueue queue, MockGuest guest) {
      queue.descriptor(0, Long.MAX_VALUE - 8, 16, WRITE, 0);
      queue.offer(0);
    }
  },
  ACROSS_THE_END_OF_RAM_8 {
    @Override
    void write(MockQueue queue, MockGuest guest) {
      queue.descriptor(0, MockGuest.LOW - 8, 16, WRITE, 0);
      queue.offer(0);
    }
  },
  ON_A_HOLE_9 {
    @Override
    void write(MockQueue queue, MockGuest guest) {
      queue.descriptor(0, 0xd000_0000L, 16, WRITE, 0);
      queue.offer(0);
    }
  },
  INDIRECT_IN_INDIRECT_11 {
    @Override
    void write(MockQueue queue, MockGuest guest) {
      long table = guest.allocate(64);
      queue.writeDescriptor(table, 0, table, 32, INDIRECT, 0);
      queue.descriptor(0, table, 32, INDIRECT, 0);
      queue.offer(0);
    }
  },
  INDIRECT_NOT_A_MULTIPLE_12 {
    @Override
    void write(MockQueue queue, MockGuest guest) {
      queue.descriptor(0, guest.allocate(64), 24, INDIRECT, 0);
      queue.offer(0);
    }
  },
  INDIRECT_OF_NOTHING_12 {
    @Override
    void write(MockQueue queue, MockGuest guest) {
      queue.descriptor(0, guest.allocate(64), 0, INDIRECT, 0);
      queue.offer(0);
    }
  },
  INDIRECT_WITH_NEXT {
    @Override
    void write(MockQueue queue, MockGuest guest) {
      queue.descriptor(0, guest.allocate(64), 16, INDIRECT | NEXT, 1);
      queue.offer(0);
    }
  },
  INDIRECT_TABLE_OUTSIDE_RAM {
    @Override
    void write(MockQueue queue, MockGuest guest) {
      queue.descriptor(0, MockGuest.LOW - 8, 32, INDIRECT, 0);
      queue.offer(0);
    }
  },
  INDIRECT_LONGER_THAN_THE_QUEUE {
    @Override
    void write(MockQueue queue, MockGuest guest) {
      int count = queue.size() + 1;
      long table = guest.allocate(16L * count);
      long buffer = guest.allocate(16);
      for (int i = 0; i < count; i++) {
        boolean last = i == count - 1;
        queue.writeDescriptor(table, i, buffer, 1, last ? 0 : NEXT, last ? 0 : i + 1);
      }
      queue.descriptor(0, table, 16L * count, INDIRECT, 0);
      queue.offer(0);
    }
  },
  READABLE_AFTER_WRITABLE_13 {
    @Override
    void write(MockQueue queue, MockGuest guest) {
      queue.descriptor(0, guest.allocate(16), 16, WRITE | NEXT, 1);
      queue.descriptor(1, guest.allocate(16), 16, 0, 0);
      queue.offer(0);
    }
  },
  AVAILABLE_INDEX_JUMPS_14 {
    @Override
    void write(MockQueue queue, MockGuest guest) {
      queue.setAvailableIndex(queue.availableIndex() + queue.size() + 1);
    }
  },
  AVAILABLE_INDEX_GOES_BACK_14 {
    @Override
    void write(MockQueue queue, MockGuest guest) {
      queue.setAvailableIndex(queue.availableIndex() - 1);
    }
  },
  HEAD_BEYOND_TABLE_15 {
    @Override
    void write(MockQueue queue, MockGuest guest) {
      queue.offer(queue.size());
    }
  },
  HEAD_FFFF_15 {
    @Override
    void write(MockQueue queue, MockGuest guest) {
      queue.offer(0xffff);
    }
  };

  abstract void write(MockQueue queue, MockGuest guest);
}
