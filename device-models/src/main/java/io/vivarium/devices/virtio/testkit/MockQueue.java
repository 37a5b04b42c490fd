package io.vivarium.devices.virtio.testkit;

import io.vivarium.devices.memory.GuestMemory;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A driver's side of a split virtqueue in guest memory. The well-behaved half ({@link #add}, {@link
 * #collect}) allocates descriptors as Linux does; the rest writes whatever a test wants.
 */
public final class MockQueue {
  public static final int NEXT = 1;
  public static final int WRITE = 2;
  public static final int INDIRECT = 4;

  /** A range of guest memory; {@code writable} by the device. */
  public record Buffer(long address, long length, boolean writable) {
    public static Buffer readable(long address, long length) {
      return new Buffer(address, length, false);
    }

    public static Buffer writable(long address, long length) {
      return new Buffer(address, length, true);
    }
  }

  /** A chain that came back. */
  public record Used(int head, int written) {}

  private final GuestMemory memory;
  private final int size;
  private final long descriptors;
  private final long available;
  private final long used;
  private final List<Integer> free = new ArrayList<>();
  private final @Nullable List<Integer>[] chains;
  private int availableIndex;
  private int usedIndex;

  @SuppressWarnings({"unchecked", "rawtypes"})
  public MockQueue(MockGuest guest, int size) {
    this.memory = guest.memory();
    this.size = size;
    this.descriptors = guest.allocate(16L * size);
    this.available = guest.allocate(6 + 2L * size);
    this.used = guest.allocate(6 + 8L * size);
    this.chains = new List[size];
    for (int i = size - 1; i >= 0; i--) {
      free.add(i);
    }
  }

  public int size() {
    return size;
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

  /** Writes a descriptor as it stands. */
  public void descriptor(int index, long address, long length, int flags, int next) {
    writeDescriptor(descriptors, index, address, length, flags, next);
  }

  /** Writes a descriptor into a table anywhere. */
  public void writeDescriptor(
      long table, int index, long address, long length, int flags, int next) {
    long at = table + 16L * index;
    memory.setU64(at, address);
    memory.setU32(at + 8, (int) length);
    memory.setU16(at + 12, flags);
    memory.setU16(at + 14, next);
  }

  /** Offers a head, right or wrong. */
  public void offer(int head) {
    memory.setU16(available + 4 + 2L * (availableIndex & (size - 1)), head);
    VarHandle.releaseFence();
    setAvailableIndex(availableIndex + 1);
  }

  /** Sets the available ring's index to anything. */
  public void setAvailableIndex(int index) {
    availableIndex = index & 0xffff;
    VarHandle.releaseFence();
    memory.setU16(available + 2, availableIndex);
  }

  public int availableIndex() {
    return availableIndex;
  }

  /** Adds a chain and offers it; returns its head. Nothing is kicked. */
  public int add(Buffer... buffers) {
    if (buffers.length == 0 || free.size() < buffers.length) {
      throw new IllegalStateException("no descriptors left");
    }
    List<Integer> chain = new ArrayList<>();
    for (int i = 0; i < buffers.length; i++) {
      chain.add(free.removeLast());
    }
    for (int i = 0; i < buffers.length; i++) {
      boolean last = i == buffers.length - 1;
      int flags = (buffers[i].writable ? WRITE : 0) | (last ? 0 : NEXT);
      int next = last ? 0 : chain.get(i + 1);
      descriptor(chain.get(i), buffers[i].address, buffers[i].length, flags, next);
    }
    int head = chain.getFirst();
    chains[head] = chain;
    offer(head);
    return head;
  }

  /** Adds a chain as one indirect descriptor, its table at {@code table}. */
  public int addIndirect(long table, Buffer... buffers) {
    for (int i = 0; i < buffers.length; i++) {
      boolean last = i == buffers.length - 1;
      int flags = (buffers[i].writable ? WRITE : 0) | (last ? 0 : NEXT);
      writeDescriptor(table, i, buffers[i].address, buffers[i].length, flags, last ? 0 : i + 1);
    }
    int head = free.removeLast();
    descriptor(head, table, 16L * buffers.length, INDIRECT, 0);
    chains[head] = List.of(head);
    offer(head);
    return head;
  }

  /** Whether the device has given something back that was not collected. */
  public boolean hasUsed() {
    return (memory.getU16(used + 2) & 0xffff) != usedIndex;
  }

  /** The next chain that came back, or null. Its descriptors are free again. */
  public @Nullable Used collect() {
    if (!hasUsed()) {
      return null;
    }
    VarHandle.acquireFence();
    long at = used + 4 + 8L * (usedIndex & (size - 1));
    int head = memory.getU32(at);
    int written = memory.getU32(at + 4);
    usedIndex = (usedIndex + 1) & 0xffff;
    if (head < 0 || head >= size) {
      throw new IllegalStateException("the device gave back head " + head);
    }
    List<Integer> chain = chains[head];
    if (chain != null) {
      free.addAll(chain);
      chains[head] = null;
    }
    return new Used(head, written);
  }

  /** The next chain that came back; there must be one. */
  public Used mustCollect() {
    Used next = collect();
    if (next == null) {
      throw new IllegalStateException("the device gave nothing back");
    }
    return next;
  }

  /** Whether a driver that follows the rules would kick now, without EVENT_IDX. */
  public boolean kickWanted() {
    return (memory.getU16(used) & 1) == 0;
  }

  /** With EVENT_IDX: the available index for which the device wants a kick. */
  public int availableEvent() {
    return memory.getU16(used + 4 + 8L * size);
  }

  /** Asks for no interrupts, without EVENT_IDX. */
  public void suppressInterrupts(boolean suppress) {
    memory.setU16(available, suppress ? 1 : 0);
  }

  /** With EVENT_IDX: asks for an interrupt once this used index is passed. */
  public void setUsedEvent(int index) {
    memory.setU16(available + 4 + 2L * size, index & 0xffff);
  }

  public int usedIndex() {
    return usedIndex;
  }
}
