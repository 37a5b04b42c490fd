package io.vivarium.devices.virtio.block;

import io.vivarium.devices.BadStateException;
import io.vivarium.devices.DiskStatistics;
import io.vivarium.devices.StateCheck;
import io.vivarium.devices.memory.GuestMemory;
import io.vivarium.devices.virtio.DescriptorChain;
import io.vivarium.devices.virtio.GuestFaultException;
import io.vivarium.devices.virtio.VirtioDevice;
import io.vivarium.devices.virtio.Virtqueue;
import io.vivarium.images.disk.Disk;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * A block device (virtio 1.2, 5.2) on a {@link Disk}.
 *
 * <p>While the disk answers from the host's cache, requests are done by the thread that kicks,
 * which costs least. When it is slow, and for flushes, they go to at most {@link #DEPTH} threads of
 * the device's own, so that a real disk sees them side by side.
 *
 * <p>Wiring: {@code new VirtioBlock("disk0", memory, disk, queues, serial, events)} behind a {@code
 * VirtioPci}; give it an ioeventfd thread of its own. The disk is the caller's: close it after the
 * device. After {@code disk.resize} call {@link #capacityChanged}.
 */
public final class VirtioBlock extends VirtioDevice<VirtioBlock.State> {
  /** Requests that are done side by side. */
  public static final int DEPTH = 16;

  /** Saved state: requests that wait for room on the host's disk. */
  public record State(int version, List<Parked> parked) {}

  /** A request that the device still has, by its queue and head. */
  public record Parked(int queue, int head) {}

  private static final int VERSION = 1;
  private static final int TYPE = 2;
  private static final int QUEUE_SIZE = 256;
  private static final int SERIAL_BYTES = 20;
  private static final int F_SEG_MAX = 2;
  private static final int F_RO = 5;
  private static final int F_BLK_SIZE = 6;
  private static final int F_FLUSH = 9;
  private static final int F_TOPOLOGY = 10;
  private static final int F_MQ = 12;
  private static final int F_DISCARD = 13;
  private static final int F_WRITE_ZEROES = 14;

  private final Disk disk;
  private final BlockEvents events;
  private final DiskWorker worker;
  private final int queues;
  private final List<Parked> parked = new ArrayList<>();
  private final AtomicReferenceArray<Boolean> stalled;
  private final AtomicReferenceArray<Boolean> retry;
  private volatile long sectors;

  /**
   * @param queues request queues, 1 to 16
   * @param serial at most 20 characters, for {@code /dev/disk/by-id}
   */
  public VirtioBlock(
      String id, GuestMemory memory, Disk disk, int queues, String serial, BlockEvents events) {
    super(id, TYPE, features(disk), memory, sizes(queues));
    this.disk = disk;
    this.queues = queues;
    this.events = events;
    this.stalled = new AtomicReferenceArray<>(queues);
    this.retry = new AtomicReferenceArray<>(queues);
    byte[] name = Arrays.copyOf(serial.getBytes(StandardCharsets.US_ASCII), SERIAL_BYTES);
    this.worker = new DiskWorker(id, disk, name, DEPTH);
    this.sectors = disk.size() / BlockRequest.SECTOR;
  }

  private static long features(Disk disk) {
    long common = bit(F_SEG_MAX) | bit(F_BLK_SIZE) | bit(F_FLUSH) | bit(F_TOPOLOGY) | bit(F_MQ);
    return common | (disk.readOnly() ? bit(F_RO) : bit(F_DISCARD) | bit(F_WRITE_ZEROES));
  }

  private static int[] sizes(int queues) {
    if (queues < 1 || queues > 16) {
      throw new IllegalArgumentException("a block device of %d queues".formatted(queues));
    }
    int[] sizes = new int[queues];
    Arrays.fill(sizes, QUEUE_SIZE);
    return sizes;
  }

  /** The disk has grown: tells the driver. */
  public void capacityChanged() {
    sectors = disk.size() / BlockRequest.SECTOR;
    core().configurationChanged();
  }

  /** Bytes and requests since the device was made. */
  public DiskStatistics statistics() {
    return worker.statistics();
  }

  @Override
  protected byte[] configuration() {
    ByteBuffer config = ByteBuffer.allocate(60).order(ByteOrder.LITTLE_ENDIAN);
    config.putLong(0, sectors);
    config.putInt(12, QUEUE_SIZE - 2); // seg_max
    config.putInt(20, BlockRequest.SECTOR); // blk_size
    config.put(24, (byte) 3); // physical blocks of 2^3 sectors
    config.putShort(26, (short) 8); // min_io_size
    config.putShort(34, (short) queues);
    config.putInt(36, (int) BlockRequest.MAX_RANGE_SECTORS); // discard
    config.putInt(40, BlockRequest.MAX_RANGES);
    config.putInt(44, 8); // discard_sector_alignment
    config.putInt(48, (int) BlockRequest.MAX_RANGE_SECTORS); // write zeroes
    config.putInt(52, BlockRequest.MAX_RANGES);
    config.put(56, (byte) 1); // write_zeroes_may_unmap
    return config.array();
  }

  @Override
  protected void serve(Virtqueue queue) throws GuestFaultException {
    retryParked(queue);
    do {
      queue.suppressKicks();
      while (core().active()) {
        if (worker.full() && stall(queue)) {
          queue.signal();
          return;
        }
        DescriptorChain chain = queue.pop();
        if (chain == null) {
          break;
        }
        start(queue, chain);
        queue.letOthers();
      }
      queue.signal();
    } while (core().active() && queue.wantKicks());
  }

  /** Notes that the queue waits for a worker; false when one has become free meanwhile. */
  private boolean stall(Virtqueue queue) {
    stalled.set(queue.index(), true);
    return worker.full();
  }

  private void start(Virtqueue queue, DescriptorChain chain) throws GuestFaultException {
    BlockRequest request = BlockRequest.parse(chain, sectors, disk.readOnly());
    if (worker.prefersInline(request)) {
      DiskWorker.Outcome outcome = worker.run(request);
      finish(queue, chain, outcome);
      if (outcome.slow()) {
        queue.signal();
      }
    } else {
      worker.submit(
          request,
          outcome -> {
            queue.lock().lock();
            try {
              finish(queue, chain, outcome);
              queue.signal();
            } finally {
              queue.lock().unlock();
            }
          },
          this::restartStalled);
    }
  }

  /** Under the queue's lock. */
  private void finish(Virtqueue queue, DescriptorChain chain, DiskWorker.Outcome outcome) {
    switch (outcome) {
      case DiskWorker.Outcome.Done done -> queue.push(chain, done.written());
      case DiskWorker.Outcome.Failed failed -> {
        events.failed(id(), failed.cause());
        queue.push(chain, failed.written());
      }
      case DiskWorker.Outcome.NoSpace none -> {
        synchronized (parked) {
          parked.add(new Parked(queue.index(), chain.head()));
        }
        events.outOfSpace(id());
      }
    }
  }

  /** A worker has become free: serves the queues that waited for one. */
  private void restartStalled() {
    for (int i = 0; i < queues; i++) {
      if (Boolean.TRUE.equals(stalled.getAndSet(i, false))) {
        core().notifyQueue(i);
      }
    }
  }

  private void retryParked(Virtqueue queue) throws GuestFaultException {
    if (!Boolean.TRUE.equals(retry.getAndSet(queue.index(), false))) {
      return; // parked requests are tried once after each resume, not by every kick
    }
    List<Parked> mine = new ArrayList<>();
    synchronized (parked) {
      parked.removeIf(entry -> entry.queue == queue.index() && mine.add(entry));
    }
    for (Parked entry : mine) {
      start(queue, queue.chain(entry.head));
    }
  }

  @Override
  public void resume() {
    worker.setWriteThrough(!core().negotiated(F_FLUSH)); // after a restore it is active already
    for (int i = 0; i < queues; i++) {
      retry.set(i, true);
    }
    super.resume();
  }

  @Override
  protected void drain() {
    worker.drain();
  }

  /** A driver that cannot flush is promised that what was written stays (5.2.6.2). */
  @Override
  protected void activated() {
    worker.setWriteThrough(!core().negotiated(F_FLUSH));
  }

  @Override
  protected void deactivated() {
    synchronized (parked) {
      parked.clear();
    }
  }

  @Override
  public Class<State> stateType() {
    return State.class;
  }

  @Override
  public State save() {
    synchronized (parked) {
      return new State(VERSION, List.copyOf(parked));
    }
  }

  @Override
  public void restore(State state) throws BadStateException {
    StateCheck check = new StateCheck(id());
    check.version(state.version, VERSION);
    check.atMost("parked", state.parked, queues * QUEUE_SIZE);
    for (Parked entry : state.parked) {
      check.range("parked queue", entry.queue, 0, queues - 1);
      check.range("parked head", entry.head, 0, QUEUE_SIZE - 1);
    }
    synchronized (parked) {
      parked.clear();
      parked.addAll(state.parked);
    }
  }

  @Override
  public void close() {
    super.close();
    worker.close();
  }
}
