package io.vivarium.devices.virtio;

import io.vivarium.devices.Device;
import io.vivarium.devices.memory.GuestMemory;

/**
 * A virtio device behind any transport: the part that knows what the queues are for.
 *
 * <p>Its saved state is the device type's own; status, features and queues are in its transport's,
 * which is a {@link Device} of its own. The order in which the two are restored, paused and resumed
 * does not matter.
 *
 * <p>Queues are served by the thread that kicks: a thread of the assembly's that waits for
 * ioeventfds (one for each device: block devices may wait for their disk), or a vCPU.
 */
public abstract class VirtioDevice<S extends Record> implements Device<S> {
  private final String id;
  private final int type;
  private final VirtioCore core;

  /**
   * @param type device type (virtio 1.2, 5)
   * @param features of this device type; the core adds its own
   * @param queueSizes maximum sizes, powers of two
   */
  protected VirtioDevice(
      String id, int type, long features, GuestMemory memory, int... queueSizes) {
    this.id = id;
    this.type = type;
    this.core = new VirtioCore(this, memory, features, queueSizes);
  }

  /** The feature bit as a mask. */
  protected static long bit(int feature) {
    return VirtioCore.bit(feature);
  }

  @Override
  public final String id() {
    return id;
  }

  public final int type() {
    return type;
  }

  public final VirtioCore core() {
    return core;
  }

  /** The device configuration as it is now. */
  protected abstract byte[] configuration();

  /** Takes a write to the configuration; most fields are read-only. */
  protected void writeConfiguration(int offset, int size, int value) {}

  /** The driver is ready (DRIVER_OK): a new life begins. Not called after a restore. */
  protected void activated() {}

  /** The driver has reset the device; nothing is in flight. Forgets all that is the driver's. */
  protected void deactivated() {}

  /** Returns when nothing is in flight that would touch guest memory or backend. */
  protected void drain() {}

  /** Serves a queue that was kicked, under its lock, while active. */
  protected void serve(Virtqueue queue) throws GuestFaultException {
    do {
      queue.suppressKicks();
      while (core.active()) {
        DescriptorChain chain = queue.pop();
        if (chain == null) {
          break;
        }
        queue.push(chain, process(queue, chain));
        queue.letOthers();
      }
      queue.signal();
    } while (core.active() && queue.wantKicks());
  }

  /** Does one request; returns the bytes written. For devices that {@link #serve} so. */
  protected long process(Virtqueue queue, DescriptorChain chain) throws GuestFaultException {
    return 0;
  }

  /**
   * A transport's read of the configuration, at any offset and size 1, 2 or 4; bytes that are not
   * there read as ones.
   */
  public final long readConfig(long offset, int size) {
    byte[] bytes = configuration();
    long value = 0;
    for (int i = 0; i < size; i++) {
      long at = offset + i;
      int b = at >= 0 && at < bytes.length ? bytes[(int) at] & 0xff : 0xff;
      value |= (long) b << (8 * i);
    }
    return value;
  }

  /** A transport's write; outside of the configuration it does nothing. */
  public final void writeConfig(long offset, int size, long value) {
    if (offset >= 0 && offset + size <= configuration().length) {
      writeConfiguration((int) offset, size, (int) value);
    }
  }

  @Override
  public void reset() {
    core.reset();
  }

  @Override
  public void pause() {
    core.setDeviceRuns(false);
  }

  @Override
  public void resume() {
    core.setDeviceRuns(true);
  }

  @Override
  public void close() {
    pause();
  }
}
