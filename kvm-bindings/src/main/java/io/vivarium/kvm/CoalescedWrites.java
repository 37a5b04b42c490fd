package io.vivarium.kvm;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.vivarium.kvm.abi.VmStructs.CoalescedMmio;
import io.vivarium.kvm.abi.VmStructs.CoalescedMmioRing;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/**
 * The guest's writes to coalesced ports ({@link KvmVm#coalescePort}), oldest first: a ring in a
 * page that a VM shares with the kernel, {@code struct kvm_coalesced_mmio_ring}. The page is that
 * of the vCPU which it was had from, and lives as long.
 */
public final class CoalescedWrites {
  static final int PAGE = 4096;

  /** Places in the ring; one of them always stays free. */
  private static final int CAPACITY = (PAGE - CoalescedMmioRing.SIZE) / CoalescedMmio.SIZE;

  private static final VarHandle INT = JAVA_INT.varHandle();

  /** Takes one write. */
  public interface Sink {
    /**
     * @param port of the I/O space
     * @param size bytes, 1 to 4
     * @param value zero-extended
     */
    void write(int port, int size, long value);
  }

  private final MemorySegment page;

  CoalescedWrites(MemorySegment page) {
    this.page = page;
  }

  /** Whether all writes were taken and their sinks have returned. From any thread. */
  public boolean isEmpty() {
    return first() == last();
  }

  /** Takes all writes that are there. One thread at a time. */
  public void drain(Sink sink) {
    for (int at = first(); at != last(); at = first()) {
      long entry = CoalescedMmioRing.COALESCED_MMIO + (long) at * CoalescedMmio.SIZE;
      int size = Math.clamp(page.get(JAVA_INT, entry + CoalescedMmio.LEN), 1, 4);
      long value = page.get(JAVA_LONG, entry + CoalescedMmio.DATA) & (-1L >>> (64 - 8 * size));
      sink.write((int) page.get(JAVA_LONG, entry + CoalescedMmio.PHYS_ADDR), size, value);
      INT.setRelease(page, (long) CoalescedMmioRing.FIRST, (at + 1) % CAPACITY);
    }
  }

  private int first() {
    return (int) INT.getAcquire(page, (long) CoalescedMmioRing.FIRST) % CAPACITY;
  }

  private int last() {
    return (int) INT.getAcquire(page, (long) CoalescedMmioRing.LAST) % CAPACITY;
  }
}
