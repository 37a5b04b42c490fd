package io.vivarium.devices.virtio.block;

import io.vivarium.devices.DiskStatistics;
import io.vivarium.devices.virtio.GuestBuffer;
import io.vivarium.devices.virtio.GuestFaultException;
import io.vivarium.images.disk.Disk;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;

/** Does block requests on a disk, in the caller's thread or in a bounded number of its own. */
final class DiskWorker {
  /** How a request ended. */
  sealed interface Outcome {
    /** Whether it took so long that the driver should hear of it at once. */
    boolean slow();

    record Done(long written, boolean slow) implements Outcome {}

    /** The status byte says so to the guest. */
    record Failed(long written, IOException cause, boolean slow) implements Outcome {}

    /** Not answered: it is to be tried again when there is room. */
    record NoSpace(boolean slow) implements Outcome {}
  }

  /** Longer than a copy from the host's cache takes: beyond it, threads pay. */
  private static final long SLOW_NANOS = 60_000;

  private final Disk disk;
  private final byte[] serial;
  private final int depth;
  private final ThreadPoolExecutor threads;
  private final AtomicLong averageNanos = new AtomicLong();
  private final LongAdder readBytes = new LongAdder();
  private final LongAdder writtenBytes = new LongAdder();
  private final LongAdder reads = new LongAdder();
  private final LongAdder writes = new LongAdder();
  private final LongAdder flushes = new LongAdder();
  private final LongAdder failures = new LongAdder();
  private volatile int inFlight;
  private volatile boolean writeThrough;

  DiskWorker(String name, Disk disk, byte[] serial, int depth) {
    this.disk = disk;
    this.serial = serial;
    this.depth = depth;
    this.threads =
        new ThreadPoolExecutor(
            depth,
            depth,
            10,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            Thread.ofPlatform().daemon().name(name + "-io-", 0).factory());
    threads.allowCoreThreadTimeOut(true);
  }

  DiskStatistics statistics() {
    return new DiskStatistics(
        readBytes.sum(),
        writtenBytes.sum(),
        reads.sum(),
        writes.sum(),
        flushes.sum(),
        failures.sum());
  }

  /** Whether each write is durable before it is answered. */
  void setWriteThrough(boolean on) {
    writeThrough = on;
  }

  /** Whether no more requests may be submitted now. */
  boolean full() {
    return inFlight >= depth;
  }

  /** Whether the request is better done by the caller: the disk has been quick. */
  boolean prefersInline(BlockRequest request) {
    return switch (request) {
      case BlockRequest.GetId id -> true;
      case BlockRequest.Refused refused -> true;
      case BlockRequest.Flush flush -> false;
      case BlockRequest.Discard discard -> false;
      case BlockRequest.WriteZeroes zeroes -> false;
      case BlockRequest.Read read -> averageNanos.get() < SLOW_NANOS;
      case BlockRequest.Write write -> averageNanos.get() < SLOW_NANOS;
    };
  }

  /**
   * Does a request in a thread of ours.
   *
   * @param done hears the outcome, while the request still counts as in flight
   * @param free is called after it no longer does
   */
  void submit(BlockRequest request, Consumer<Outcome> done, Runnable free) {
    synchronized (this) {
      inFlight++;
    }
    threads.execute(
        () -> {
          try {
            done.accept(run(request));
          } finally {
            synchronized (this) {
              inFlight--;
              notifyAll();
            }
          }
          free.run();
        });
  }

  /** Returns when nothing is in flight. Not to be interrupted: guest memory is in use till then. */
  synchronized void drain() {
    boolean interrupted = false;
    while (inFlight > 0) {
      try {
        wait();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  void close() {
    threads.shutdown();
  }

  /** Does a request and writes its status byte. */
  Outcome run(BlockRequest request) {
    long begin = System.nanoTime();
    IOException failure = null;
    int answer = BlockRequest.OK;
    long written = 0;
    try {
      switch (request) {
        case BlockRequest.Read read -> written = read(read);
        case BlockRequest.Write write -> write(write);
        case BlockRequest.Flush flush -> flush();
        case BlockRequest.GetId id -> written = identify(id);
        case BlockRequest.Discard discard -> discard(discard);
        case BlockRequest.WriteZeroes zeroes -> zero(zeroes);
        case BlockRequest.Refused refused -> answer = refused.answer();
      }
    } catch (Disk.NoSpaceException e) {
      return new Outcome.NoSpace(true);
    } catch (IOException | GuestFaultException | RuntimeException e) {
      failure = e instanceof IOException io ? io : new IOException(e.toString(), e);
      answer = BlockRequest.IO_ERROR;
      failures.increment();
    }
    long nanos = System.nanoTime() - begin;
    if (request instanceof BlockRequest.Read || request instanceof BlockRequest.Write) {
      averageNanos.getAndUpdate(old -> old + (nanos - old) / 8);
    }
    try {
      request.status().putU8(answer);
    } catch (GuestFaultException e) {
      throw new IllegalStateException(e); // parse() has seen the byte
    }
    boolean slow = nanos > SLOW_NANOS / 4;
    return failure == null
        ? new Outcome.Done(written + 1, slow)
        : new Outcome.Failed(written + 1, failure, slow);
  }

  private long read(BlockRequest.Read read) throws IOException {
    long offset = read.offset();
    GuestBuffer data = read.data();
    long total = data.remaining();
    while (data.remaining() > 0) {
      MemorySegment part = data.next(data.remaining());
      disk.read(offset, part);
      offset += part.byteSize();
    }
    reads.increment();
    readBytes.add(total);
    return total;
  }

  private void write(BlockRequest.Write write) throws IOException {
    long offset = write.offset();
    GuestBuffer data = write.data();
    long total = data.remaining();
    while (data.remaining() > 0) {
      MemorySegment part = data.next(data.remaining());
      disk.write(offset, part);
      offset += part.byteSize();
    }
    if (writeThrough) {
      disk.flush();
    }
    writes.increment();
    writtenBytes.add(total);
  }

  private void flush() throws IOException {
    disk.flush();
    flushes.increment();
  }

  private long identify(BlockRequest.GetId id) throws GuestFaultException {
    int count = (int) Math.min(serial.length, id.data().remaining());
    id.data().put(serial, 0, count);
    return count;
  }

  private void discard(BlockRequest.Discard discard) throws IOException {
    for (BlockRequest.Range range : discard.ranges()) {
      disk.discard(range.offset(), range.length());
    }
  }

  private void zero(BlockRequest.WriteZeroes zeroes) throws IOException {
    for (BlockRequest.Range range : zeroes.ranges()) {
      disk.writeZeroes(range.offset(), range.length(), range.mayUnmap());
    }
  }
}
