package io.vivarium.devices.virtio.testkit;

import io.vivarium.devices.memory.GuestMemory;
import java.lang.foreign.Arena;
import java.util.List;

/** Guest memory with a hole in it, and an allocator; closed with its arena. */
public final class MockGuest implements AutoCloseable {
  /** Size of the low region, from address 0. */
  public static final long LOW = 4L << 20;

  /** Address of the high region, beyond 4 GiB. */
  public static final long HIGH_BASE = 1L << 32;

  /** Size of the high region. */
  public static final long HIGH = 1L << 20;

  private final Arena arena = Arena.ofShared();
  private final GuestMemory memory =
      new GuestMemory(
          List.of(
              new GuestMemory.Region(0, arena.allocate(LOW, 4096)),
              new GuestMemory.Region(HIGH_BASE, arena.allocate(HIGH, 4096))));
  private long next = 0x1000;

  public GuestMemory memory() {
    return memory;
  }

  /** Zeroed guest memory that nobody else has, at an address that is a multiple of 4096. */
  public long allocate(long size) {
    long address = next;
    next += (size + 4095) & ~4095L;
    if (next > LOW) {
      throw new IllegalStateException("the mock guest's memory is used up");
    }
    memory.slice(address, size).fill((byte) 0);
    return address;
  }

  /** Allocates and fills. */
  public long allocate(byte[] contents) {
    long address = allocate(Math.max(1, contents.length));
    memory.write(address, contents);
    return address;
  }

  /** Forgets all allocations. */
  public void freeAll() {
    next = 0x1000;
  }

  @Override
  public void close() {
    arena.close();
  }
}
