package io.vivarium.devices.virtio;

import io.vivarium.devices.BadStateException;
import io.vivarium.devices.StateCheck;
import io.vivarium.devices.memory.GuestAddressException;
import io.vivarium.devices.memory.GuestMemory;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

/**
 * A memory balloon (virtio 1.2, 5.5) with statistics and free page reporting: memory that the guest
 * has freed goes back to the host by itself, without a target.
 *
 * <p>Wiring: {@code new VirtioBalloon("balloon0", memory, pages -> madvise(pages, MADV_DONTNEED))}
 * behind a {@code VirtioPci}. Call {@link #requestStatistics} now and then, read {@link
 * #statistics}.
 */
public final class VirtioBalloon extends VirtioDevice<VirtioBalloon.State> {
  /** Gives host memory behind guest pages back; what they held does not matter any more. */
  @FunctionalInterface
  public interface Reclaimer {
    /**
     * @param pages whole pages of 4096 bytes
     */
    void reclaim(MemorySegment pages);
  }

  /** Saved state. */
  public record State(int version, int targetPages, int actualPages) {}

  private static final int VERSION = 1;
  private static final int TYPE = 5;
  private static final int PAGE = 4096;
  private static final int F_STATS_VQ = 1;
  private static final int F_DEFLATE_ON_OOM = 2;
  private static final int F_REPORTING = 5;
  private static final int INFLATE = 0;
  private static final int DEFLATE = 1;
  private static final int STATISTICS = 2;
  private static final int ACTUAL_AT = 4;

  /** Linux sends 256 frame numbers at once; far more is no driver's doing. */
  private static final int MAX_FRAMES = 64 << 10;

  private static final int STATISTIC_BYTES = 10;
  private static final int MAX_STATISTICS = 64;

  private final GuestMemory memory;
  private final Reclaimer reclaimer;
  private final LongAdder reclaimed = new LongAdder();
  private volatile int targetPages;
  private volatile int actualPages;
  private volatile BalloonStatistics statistics = BalloonStatistics.NONE;

  /**
   * Queue 4 is the reporting queue; drivers before Linux 6.11 leave no gap for the hint queue that
   * we do not offer and take 3, so both serve.
   */
  public VirtioBalloon(String id, GuestMemory memory, Reclaimer reclaimer) {
    super(
        id,
        TYPE,
        bit(F_STATS_VQ) | bit(F_DEFLATE_ON_OOM) | bit(F_REPORTING),
        memory,
        128,
        128,
        16,
        128,
        128);
    this.memory = memory;
    this.reclaimer = reclaimer;
  }

  /** Asks the guest to give up, or take back, memory until it lacks this much. */
  public void setTarget(long bytes) {
    targetPages = (int) Math.clamp(bytes / PAGE, 0, 0xffff_ffffL);
    core().configurationChanged();
  }

  /** Bytes that the guest lacks now, as it says. */
  public long actual() {
    return Integer.toUnsignedLong(actualPages) * PAGE;
  }

  /** Bytes that were given back to the host since the device was made. */
  public long reclaimed() {
    return reclaimed.sum();
  }

  /** What the guest said last. */
  public BalloonStatistics statistics() {
    return statistics;
  }

  /** Asks for new statistics, which come some time later. */
  public void requestStatistics() {
    Virtqueue queue = core().queue(STATISTICS);
    core()
        .withQueue(
            queue,
            () -> {
              DescriptorChain chain = queue.pop();
              if (chain != null) {
                queue.push(chain, 0);
                queue.wantKicks(); // before the driver hears of it: its answer comes at once
                queue.signal();
              }
            });
  }

  @Override
  protected byte[] configuration() {
    ByteBuffer config = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
    return config.putInt(targetPages).putInt(actualPages).array();
  }

  @Override
  protected void writeConfiguration(int offset, int size, int value) {
    if (offset == ACTUAL_AT && size == 4) {
      actualPages = value;
    }
  }

  @Override
  protected void deactivated() {
    actualPages = 0;
    statistics = BalloonStatistics.NONE;
  }

  @Override
  protected void serve(Virtqueue queue) throws GuestFaultException {
    if (queue.index() == STATISTICS) {
      readStatistics(queue);
    } else {
      super.serve(queue);
    }
  }

  @Override
  protected long process(Virtqueue queue, DescriptorChain chain) throws GuestFaultException {
    switch (queue.index()) {
      case INFLATE -> inflate(chain.readable());
      case DEFLATE -> {} // the pages come back when they are touched
      default -> report(chain.writable());
    }
    return 0;
  }

  private void inflate(GuestBuffer frames) throws GuestFaultException {
    long count = frames.remaining() / 4;
    if (count > MAX_FRAMES) {
      throw new GuestFaultException("%d pages inflated at once".formatted(count));
    }
    long start = 0;
    long length = 0;
    for (long i = 0; i < count; i++) {
      long address = Integer.toUnsignedLong(frames.getU32()) * PAGE;
      if (length > 0 && address == start + length) {
        length += PAGE;
      } else {
        reclaim(start, length);
        start = address;
        length = PAGE;
      }
    }
    reclaim(start, length);
  }

  private void reclaim(long address, long length) throws GuestFaultException {
    if (length > 0) {
      try {
        reclaim(memory.slice(address, length));
      } catch (GuestAddressException e) {
        throw new GuestFaultException("inflated " + e.getMessage());
      }
    }
  }

  /** Free pages: the whole pages of each range. */
  private void report(GuestBuffer pages) {
    while (pages.remaining() > 0) {
      MemorySegment part = pages.next(pages.remaining());
      long skip = -part.address() & (PAGE - 1);
      long length = (part.byteSize() - skip) & -PAGE;
      if (length > 0) {
        reclaim(part.asSlice(skip, length));
      }
    }
  }

  private void reclaim(MemorySegment pages) {
    reclaimer.reclaim(pages);
    reclaimed.add(pages.byteSize());
  }

  /** Reads the driver's buffer, which stays in the ring until new figures are wanted. */
  private void readStatistics(Virtqueue queue) throws GuestFaultException {
    DescriptorChain chain = queue.pop();
    if (chain == null) {
      queue.wantKicks();
      return;
    }
    queue.unpop();
    GuestBuffer in = chain.readable();
    Map<Integer, Long> tags = new HashMap<>();
    for (int i = 0; i < MAX_STATISTICS && in.remaining() >= STATISTIC_BYTES; i++) {
      int tag = in.getU16();
      tags.put(tag, in.getU64());
    }
    statistics = BalloonStatistics.of(tags);
  }

  @Override
  public Class<State> stateType() {
    return State.class;
  }

  @Override
  public State save() {
    return new State(VERSION, targetPages, actualPages);
  }

  @Override
  public void restore(State state) throws BadStateException {
    new StateCheck(id()).version(state.version, VERSION);
    targetPages = state.targetPages;
    actualPages = state.actualPages;
  }

  @Override
  public void reset() {
    super.reset();
    targetPages = 0;
  }
}
