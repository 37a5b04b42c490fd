package io.vivarium.devices.virtio;

import io.vivarium.devices.BadStateException;
import io.vivarium.devices.StateCheck;
import io.vivarium.devices.memory.GuestAddressException;
import io.vivarium.devices.memory.GuestMemory;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * The state machine of a virtio device (virtio 1.2, 2.1 and 3.1) that any transport drives: status,
 * features, queues, reset, NEEDS_RESET.
 *
 * <pre>
 *   reset --FEATURES_OK (accepted)--> negotiated --DRIVER_OK--> started --fault--> needs reset
 *     ^-----------------------------------status = 0--------------------------------------|
 * </pre>
 *
 * <p>It works while started, not in need of a reset, and while both transport and device run.
 * Status and reset are serialised; each queue is served under its own lock, from any thread.
 */
public final class VirtioCore {
  public static final int ACKNOWLEDGE = 1;
  public static final int DRIVER = 2;
  public static final int DRIVER_OK = 4;
  public static final int FEATURES_OK = 8;
  public static final int NEEDS_RESET = 64;
  public static final int FAILED = 128;

  /** VIRTIO_F_INDIRECT_DESC (virtio 1.2, 6). */
  public static final int F_INDIRECT_DESC = 28;

  /** VIRTIO_F_EVENT_IDX. */
  public static final int F_EVENT_IDX = 29;

  /** VIRTIO_F_VERSION_1; a driver that does not know it is refused. */
  public static final int F_VERSION_1 = 32;

  /** What a transport saves of the device behind it. */
  public record State(int status, long driverFeatures, List<Virtqueue.State> queues) {}

  private static final System.Logger LOG = System.getLogger(VirtioCore.class.getName());

  /** A driver that faults and resets in a loop fills no log. */
  private static final int LOGGED_FAULTS = 5;

  private static final int DRIVER_BITS =
      ACKNOWLEDGE | DRIVER | DRIVER_OK | FEATURES_OK | FAILED | NEEDS_RESET;

  private final VirtioDevice<?> device;
  private final GuestMemory memory;
  private final long offered;
  private final Virtqueue[] queues;
  private volatile VirtioInterrupts interrupts = VirtioInterrupts.NONE;

  private final AtomicInteger status = new AtomicInteger();
  private final AtomicInteger configGeneration = new AtomicInteger();
  private volatile long driverFeatures;
  private volatile boolean transportRuns;
  private volatile boolean deviceRuns;
  private volatile @Nullable String fault;
  private final AtomicInteger faults = new AtomicInteger();

  VirtioCore(VirtioDevice<?> device, GuestMemory memory, long features, int[] queueSizes) {
    this.device = device;
    this.memory = memory;
    this.offered = features | bit(F_VERSION_1) | bit(F_INDIRECT_DESC) | bit(F_EVENT_IDX);
    this.queues = new Virtqueue[queueSizes.length];
    for (int i = 0; i < queues.length; i++) {
      queues[i] = new Virtqueue(i, queueSizes[i], memory);
    }
  }

  static long bit(int feature) {
    return 1L << feature;
  }

  // --- what a transport uses ---

  /** Set once by the transport, before anything runs. */
  public void setInterrupts(VirtioInterrupts interrupts) {
    this.interrupts = interrupts;
  }

  public long offeredFeatures() {
    return offered;
  }

  public long driverFeatures() {
    return driverFeatures;
  }

  /** What the driver accepts; frozen with FEATURES_OK. */
  public synchronized void setDriverFeatures(long features) {
    if ((status() & FEATURES_OK) == 0) {
      driverFeatures = features;
    }
  }

  public int status() {
    return status.get();
  }

  /** Changes with each change of the configuration, so that a driver sees torn reads. */
  public int configGeneration() {
    return configGeneration.get() & 0xff;
  }

  public int queueCount() {
    return queues.length;
  }

  public Virtqueue queue(int index) {
    return queues[index];
  }

  /** Takes a write of the status register; 0 resets, which waits for requests in flight. */
  public synchronized void writeStatus(int value) {
    if (value == 0) {
      reset();
      return;
    }
    int added = value & DRIVER_BITS & ~NEEDS_RESET & ~status();
    if ((added & FEATURES_OK) != 0 && !acceptable(driverFeatures)) {
      added &= ~FEATURES_OK; // the driver reads it back and gives up (3.1.1)
    }
    if (((status() | added) & FEATURES_OK) == 0) {
      added &= ~DRIVER_OK;
    }
    String broken = null;
    if ((added & DRIVER_OK) != 0) {
      try {
        startQueues();
        device.activated();
      } catch (GuestFaultException e) {
        broken = e.getMessage();
      }
    }
    int bits = added;
    status.getAndUpdate(old -> old | bits);
    if (broken != null) {
      fail(broken);
    }
  }

  private boolean acceptable(long features) {
    return (features & ~offered) == 0 && (features & bit(F_VERSION_1)) != 0;
  }

  private void startQueues() throws GuestFaultException {
    for (Virtqueue queue : queues) {
      int index = queue.index();
      queue.start(
          negotiated(F_EVENT_IDX), negotiated(F_INDIRECT_DESC), () -> interrupts.queueUsed(index));
    }
  }

  /** As after power-on. Returns when no request is in flight and no queue is touched any more. */
  synchronized void reset() {
    stop();
    device.deactivated();
  }

  private void stop() {
    status.set(0);
    fault = null;
    settle();
    for (Virtqueue queue : queues) {
      queue.lock().lock();
      try {
        queue.reset();
      } finally {
        queue.lock().unlock();
      }
    }
    driverFeatures = 0;
    configGeneration.set(0);
    status.set(0); // again: a queue that was being served may have failed meanwhile
  }

  /** Waits until nobody serves a queue who began before, then until nothing is in flight. */
  private void settle() {
    for (Virtqueue queue : queues) {
      queue.awaitUnlocked();
    }
    device.drain();
  }

  /** A kick: the driver has put buffers into this queue. Wrong and early ones do nothing. */
  public void notifyQueue(int index) {
    if (index >= 0 && index < queues.length) {
      withQueue(queues[index], () -> device.serve(queues[index]));
    }
  }

  /** Runs or pauses the transport's half; see {@link #active}. */
  public void setTransportRuns(boolean runs) {
    transportRuns = runs;
    runsChanged(runs);
  }

  void setDeviceRuns(boolean runs) {
    deviceRuns = runs;
    runsChanged(runs);
  }

  private void runsChanged(boolean runs) {
    if (!runs) {
      settle();
    } else if (active()) {
      // Kicks of the time in between are lost, and so is one before a snapshot.
      for (int i = 0; i < queues.length; i++) {
        notifyQueue(i);
      }
    }
  }

  public synchronized State save() {
    List<Virtqueue.State> states = new ArrayList<>();
    for (Virtqueue queue : queues) {
      states.add(queue.save());
    }
    return new State(status(), driverFeatures, List.copyOf(states));
  }

  /** Checks a state without changing anything. */
  public void check(StateCheck check, @Nullable State state) throws BadStateException {
    check.present("virtio", state);
    if (state == null) {
      return;
    }
    check.bits("status", state.status, DRIVER_BITS);
    check.exactly("queues", state.queues, queues.length);
    boolean negotiated = (state.status & FEATURES_OK) != 0;
    boolean started = (state.status & DRIVER_OK) != 0;
    check.that(!negotiated || acceptable(state.driverFeatures), "features that were not offered");
    check.that(!started || negotiated, "DRIVER_OK without FEATURES_OK");
    for (int i = 0; i < queues.length; i++) {
      queues[i].check(check, state.queues.get(i));
      if (started && (state.status & NEEDS_RESET) == 0) {
        try {
          Virtqueue trial = new Virtqueue(i, queues[i].maxSize(), memory);
          trial.restore(state.queues.get(i));
          trial.start(false, false, () -> {});
        } catch (GuestFaultException e) {
          check.that(false, String.valueOf(e.getMessage()));
        }
      }
    }
  }

  /** Takes a state that {@link #check} has passed; the device's own may be there already. */
  public synchronized void restore(State state) {
    stop();
    driverFeatures = state.driverFeatures;
    for (int i = 0; i < queues.length; i++) {
      queues[i].restore(state.queues.get(i));
    }
    if ((state.status & (DRIVER_OK | NEEDS_RESET)) == DRIVER_OK) {
      try {
        startQueues();
      } catch (GuestFaultException e) {
        throw new IllegalStateException("not checked", e);
      }
    }
    status.set(state.status);
  }

  // --- what a device uses ---

  /** Whether the driver accepted a feature, by its bit number. */
  public boolean negotiated(int feature) {
    return (driverFeatures & bit(feature)) != 0;
  }

  /** Whether queues may be served now. A loop over a queue asks before each chain. */
  public boolean active() {
    return transportRuns && deviceRuns && (status() & (DRIVER_OK | NEEDS_RESET)) == DRIVER_OK;
  }

  /** Something that is done to a queue under its lock. */
  @FunctionalInterface
  public interface QueueAction {
    void run() throws GuestFaultException;
  }

  /** Runs an action under the queue's lock, if the device is active; a fault needs a reset. */
  public void withQueue(Virtqueue queue, QueueAction action) {
    queue.lock().lock();
    try {
      if (active() && queue.started()) {
        action.run();
      }
    } catch (GuestFaultException | GuestAddressException e) {
      fail(e.getMessage());
    } catch (RuntimeException e) {
      if (faults.get() < LOGGED_FAULTS) {
        LOG.log(Level.ERROR, device.id() + " failed; its driver must reset it", e);
      }
      fail(e.toString());
    } finally {
      queue.lock().unlock();
    }
  }

  /** Gives a chain back and tells the driver, from any thread, also while a pause drains. */
  public void complete(Virtqueue queue, DescriptorChain chain, long written) {
    queue.lock().lock();
    try {
      queue.push(chain, written);
      queue.signal();
    } finally {
      queue.lock().unlock();
    }
  }

  /** The driver broke a rule: no queue is served until it resets the device (2.1.2). */
  void fail(@Nullable String why) {
    if (fault == null) {
      fault = String.valueOf(why);
      if (faults.incrementAndGet() <= LOGGED_FAULTS) {
        LOG.log(Level.WARNING, "{0} needs a reset by its driver: {1}", device.id(), why);
      }
    }
    status.getAndUpdate(old -> old | NEEDS_RESET);
    configGeneration.incrementAndGet();
    interrupts.configurationChanged();
  }

  /** What the driver did wrong, or null. */
  public @Nullable String fault() {
    return fault;
  }

  /** The device configuration has changed: tells a started driver. */
  public void configurationChanged() {
    configGeneration.incrementAndGet();
    if ((status() & DRIVER_OK) != 0) {
      interrupts.configurationChanged();
    }
  }
}
