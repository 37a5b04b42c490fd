package io.vivarium.devices.virtio;

import io.vivarium.devices.BadStateException;
import io.vivarium.devices.StateCheck;
import io.vivarium.devices.memory.GuestAddressException;
import io.vivarium.devices.memory.GuestMemory;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A split virtqueue (virtio 1.2, 2.7) as its device sees it.
 *
 * <p>The transport writes size and addresses; {@link #start} freezes them (DRIVER_OK) and finds the
 * rings' memory once. From then on the device takes chains with {@link #pop}, gives them back with
 * {@link #push}, and after a batch calls {@link #signal}. Everything that the guest wrote is
 * checked here, and a broken rule is a {@link GuestFaultException}.
 *
 * <p>After start, all methods want the queue's {@link #lock} held; the base class sees to it.
 */
public final class Virtqueue {
  /** Largest size that a split queue can have. */
  public static final int MAX_SIZE = 32768;

  /**
   * A queue's part of the saved state.
   *
   * @param nextAvailable the device's cursor in the available ring, a free-running 16-bit number
   * @param usedIndex the same in the used ring
   */
  public record State(
      int size,
      boolean enabled,
      long descriptors,
      long available,
      long used,
      int nextAvailable,
      int usedIndex) {}

  private static final int DESCRIPTOR_SIZE = 16;
  private static final int NEXT = 1;
  private static final int WRITE = 2;
  private static final int INDIRECT = 4;
  private static final int AVAIL_NO_INTERRUPT = 1;
  private static final int USED_NO_NOTIFY = 1;
  private static final long MAX_CHAIN_BYTES = 1L << 32;

  private final int index;
  private final int maxSize;
  private final GuestMemory memory;
  private final ReentrantLock lock = new ReentrantLock(true);

  private int size;

  /** Written after the geometry that it freezes, read before it: another vCPU may start us. */
  private volatile boolean enabled;

  private long descriptors;
  private long available;
  private long used;

  private @Nullable Rings rings;
  private int nextAvailable;
  private int seenAvailable;
  private int usedIndex;
  private int signalledUsed;
  private boolean signalledKnown;

  /** What start() found, fixed until reset. */
  private record Rings(
      MemorySegment descriptors,
      MemorySegment available,
      MemorySegment used,
      boolean eventIndex,
      boolean indirect,
      Runnable interrupt) {}

  Virtqueue(int index, int maxSize, GuestMemory memory) {
    if (Integer.bitCount(maxSize) != 1 || maxSize > MAX_SIZE) {
      throw new IllegalArgumentException("queue size " + maxSize);
    }
    this.index = index;
    this.maxSize = maxSize;
    this.memory = memory;
    this.size = maxSize;
  }

  public int index() {
    return index;
  }

  public ReentrantLock lock() {
    return lock;
  }

  /**
   * Lets those who wait for the lock have their turn: a driver that never lets its queue run empty
   * must not keep completions from it. The caller holds the lock once, before and after.
   */
  public void letOthers() {
    if (lock.hasQueuedThreads()) {
      lock.unlock();
      lock.lock(); // fair: behind those who wait
    }
  }

  /** Returns when whoever held the lock has let it go. */
  @SuppressWarnings("LockNotBeforeTry")
  void awaitUnlocked() {
    lock.lock();
    lock.unlock();
  }

  // --- the transport's registers ---

  public int maxSize() {
    return maxSize;
  }

  public int size() {
    return size;
  }

  public boolean enabled() {
    return enabled;
  }

  public long descriptors() {
    return descriptors;
  }

  public long available() {
    return available;
  }

  public long used() {
    return used;
  }

  /** Takes a size as the driver wrote it, right or wrong; {@link #start} judges it. */
  public void setSize(int value) {
    if (mutable()) {
      size = value & 0xffff;
    }
  }

  public void setDescriptors(long address) {
    if (mutable()) {
      descriptors = address;
    }
  }

  public void setAvailable(long address) {
    if (mutable()) {
      available = address;
    }
  }

  public void setUsed(long address) {
    if (mutable()) {
      used = address;
    }
  }

  /** A driver can enable a queue, and only a reset disables it (virtio 1.2, 4.1.4.3.2). */
  public void enable() {
    if (mutable()) {
      enabled = true;
    }
  }

  /** Once enabled, a queue's geometry is frozen: else a check today is a lie tomorrow. */
  private boolean mutable() {
    return !enabled && rings == null;
  }

  // --- life ---

  /** Whether the device may take chains. */
  public boolean started() {
    return rings != null;
  }

  /** Checks and freezes an enabled queue's geometry; a queue that is not enabled stays off. */
  void start(boolean eventIndex, boolean indirect, Runnable interrupt) throws GuestFaultException {
    if (!enabled) {
      return;
    }
    if (size == 0 || size > maxSize || Integer.bitCount(size) != 1) {
      throw new GuestFaultException("queue %d has size %d".formatted(index, size));
    }
    if ((descriptors & 15) != 0 || (available & 1) != 0 || (used & 3) != 0) {
      throw new GuestFaultException("the rings of queue %d are not aligned".formatted(index));
    }
    try {
      rings =
          new Rings(
              memory.slice(descriptors, (long) DESCRIPTOR_SIZE * size),
              memory.slice(available, 6 + 2L * size),
              memory.lastingSlice(used, 6 + 8L * size),
              eventIndex,
              indirect,
              interrupt);
    } catch (GuestAddressException e) {
      throw new GuestFaultException("a ring of queue %d: %s".formatted(index, e.getMessage()));
    }
    signalledKnown = false;
    seenAvailable = nextAvailable;
  }

  /** As after power-on. */
  void reset() {
    rings = null;
    size = maxSize;
    enabled = false;
    descriptors = 0;
    available = 0;
    used = 0;
    nextAvailable = 0;
    seenAvailable = 0;
    usedIndex = 0;
  }

  State save() {
    return new State(size, enabled, descriptors, available, used, nextAvailable, usedIndex);
  }

  void check(StateCheck check, State state) throws BadStateException {
    check.range("queue size", state.size, 0, 0xffff);
    check.range("nextAvailable", state.nextAvailable, 0, 0xffff);
    check.range("usedIndex", state.usedIndex, 0, 0xffff);
  }

  void restore(State state) {
    rings = null;
    size = state.size;
    enabled = state.enabled;
    descriptors = state.descriptors;
    available = state.available;
    used = state.used;
    nextAvailable = state.nextAvailable;
    seenAvailable = nextAvailable;
    usedIndex = state.usedIndex;
  }

  // --- the device's side ---

  /** Takes the next chain, or null when the driver has given none. */
  public @Nullable DescriptorChain pop() throws GuestFaultException {
    Rings r = rings;
    if (r == null || !available(r)) {
      return null;
    }
    int slot = nextAvailable & (size - 1);
    int head = r.available.get(LittleEndian.U16, 4 + 2L * slot) & 0xffff;
    if (head >= size) {
      throw fault("head %d is beyond its %d descriptors".formatted(head, size));
    }
    DescriptorChain chain = walk(r, head);
    nextAvailable = (nextAvailable + 1) & 0xffff;
    return chain;
  }

  /** Parses again a chain that was popped and is still the device's: after a restore, say. */
  public DescriptorChain chain(int head) throws GuestFaultException {
    Rings r = rings;
    if (r == null || head < 0 || head >= size) {
      throw fault("head %d is beyond its %d descriptors".formatted(head, size));
    }
    return walk(r, head);
  }

  /** Puts the last popped chain back, as if it had not been taken. */
  public void unpop() {
    nextAvailable = (nextAvailable - 1) & 0xffff;
  }

  /** Whether there is a chain to take. */
  public boolean hasAvailable() throws GuestFaultException {
    Rings r = rings;
    return r != null && available(r);
  }

  private boolean available(Rings r) throws GuestFaultException {
    if (seenAvailable != nextAvailable) {
      return true;
    }
    int idx = r.available.get(LittleEndian.U16, 2) & 0xffff;
    VarHandle.acquireFence(); // the ring's entries are read after its index
    if (((idx - nextAvailable) & 0xffff) > size) {
      throw fault("available index jumps from %d to %d".formatted(nextAvailable, idx));
    }
    seenAvailable = idx;
    return idx != nextAvailable;
  }

  private DescriptorChain walk(Rings r, int head) throws GuestFaultException {
    MemorySegment table = r.descriptors;
    int tableSize = size;
    boolean indirect = false;
    MemorySegment[] parts = new MemorySegment[4];
    int count = 0;
    int readable = 0;
    long total = 0;
    int at = head;
    while (true) {
      // Each descriptor is read once, by two loads; from here on only these locals count.
      long address = table.get(LittleEndian.U64, (long) at * DESCRIPTOR_SIZE);
      long rest = table.get(LittleEndian.U64, (long) at * DESCRIPTOR_SIZE + 8);
      long length = rest & 0xffff_ffffL;
      int flags = (int) (rest >>> 32) & 0xffff;
      int next = (int) (rest >>> 48);

      if ((flags & INDIRECT) != 0) {
        if (indirect || !r.indirect || (flags & NEXT) != 0) {
          throw fault("an indirect descriptor where none may be");
        }
        if (length == 0 || length % DESCRIPTOR_SIZE != 0) {
          throw fault("an indirect table of %d bytes".formatted(length));
        }
        table = range(address, length);
        tableSize = (int) (length / DESCRIPTOR_SIZE);
        indirect = true;
        at = 0;
        continue;
      }
      if (count == size) {
        throw fault("a chain of more than %d descriptors, or a loop".formatted(size));
      }
      boolean write = (flags & WRITE) != 0;
      if (!write && count > readable) {
        throw fault("a readable descriptor after a writable one");
      }
      total += length;
      if (total > MAX_CHAIN_BYTES) {
        throw fault("a chain of more than 4 GiB");
      }
      if (count == parts.length) {
        parts = Arrays.copyOf(parts, 2 * count);
      }
      parts[count++] = range(address, length);
      if (!write) {
        readable = count;
      }
      if ((flags & NEXT) == 0) {
        return new DescriptorChain(head, parts, readable, count);
      }
      if (next >= tableSize) {
        throw fault("descriptor %d of a table of %d".formatted(next, tableSize));
      }
      at = next;
    }
  }

  private MemorySegment range(long address, long length) throws GuestFaultException {
    try {
      return memory.slice(address, length);
    } catch (GuestAddressException e) {
      throw fault(e.getMessage());
    }
  }

  private GuestFaultException fault(@Nullable String what) {
    return new GuestFaultException("queue %d: %s".formatted(index, what));
  }

  /**
   * Gives a chain back; {@code written} bytes, from its first writable one on, are the device's.
   */
  public void push(DescriptorChain chain, long written) {
    Rings r = rings;
    if (r == null) {
      return; // the device was reset meanwhile
    }
    int slot = usedIndex & (size - 1);
    r.used.set(LittleEndian.U32, 4 + 8L * slot, chain.head());
    r.used.set(LittleEndian.U32, 8 + 8L * slot, (int) written);
    usedIndex = (usedIndex + 1) & 0xffff;
    VarHandle.releaseFence(); // data and element before the index
    r.used.set(LittleEndian.U16, 2, (short) usedIndex);
  }

  /** Tells the driver of what was pushed since the last time, if it wants to know. */
  public void signal() {
    Rings r = rings;
    if (r == null || (signalledKnown && signalledUsed == usedIndex)) {
      return;
    }
    VarHandle.fullFence(); // the index must be out before the driver's wish is read (2.7.7.2)
    boolean wanted;
    if (r.eventIndex) {
      int event = r.available.get(LittleEndian.U16, 4 + 2L * size) & 0xffff;
      int sinceEvent = (usedIndex - event - 1) & 0xffff;
      int sinceSignal = (usedIndex - signalledUsed) & 0xffff;
      wanted = !signalledKnown || sinceEvent < sinceSignal;
    } else {
      wanted = (r.available.get(LittleEndian.U16, 0) & AVAIL_NO_INTERRUPT) == 0;
    }
    signalledUsed = usedIndex;
    signalledKnown = true;
    if (wanted) {
      r.interrupt.run();
    }
  }

  /**
   * Asks the driver not to kick while the device looks anyway. A wish: it may kick all the same.
   */
  public void suppressKicks() {
    Rings r = rings;
    if (r != null && !r.eventIndex) {
      r.used.set(LittleEndian.U16, 0, (short) USED_NO_NOTIFY);
    }
    // With EVENT_IDX the old avail_event lies behind the driver's index: it does not kick.
  }

  /** Asks for kicks again; true when chains have come meanwhile, for which no kick will. */
  public boolean wantKicks() throws GuestFaultException {
    Rings r = rings;
    if (r == null) {
      return false;
    }
    if (r.eventIndex) {
      r.used.set(LittleEndian.U16, 4 + 8L * size, (short) nextAvailable);
    } else {
      r.used.set(LittleEndian.U16, 0, (short) 0);
    }
    VarHandle.fullFence(); // the wish must be out before the ring is looked at again
    return available(r);
  }
}
