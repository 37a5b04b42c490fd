package io.vivarium.devices.virtio.testkit;

import io.vivarium.devices.virtio.VirtioCore;
import io.vivarium.devices.virtio.VirtioDevice;
import io.vivarium.devices.virtio.VirtioInterrupts;
import io.vivarium.devices.virtio.Virtqueue;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A guest's driver that talks to a device's core without a transport in between.
 *
 * <pre>{@code
 * MockDriver driver = new MockDriver(guest, device);
 * driver.start(features);                   // negotiates, sets up all queues, DRIVER_OK
 * driver.queue(0).add(Buffer.readable(...), Buffer.writable(...));
 * driver.kick(0);
 * driver.queue(0).mustCollect();
 * }</pre>
 */
public final class MockDriver implements VirtioInterrupts {
  private final MockGuest guest;
  private final VirtioCore core;
  private final MockQueue[] queues;
  private final AtomicInteger queueInterrupts = new AtomicInteger();
  private final AtomicInteger configInterrupts = new AtomicInteger();

  /** Also lets the device run. */
  public MockDriver(MockGuest guest, VirtioDevice<?> device) {
    this.guest = guest;
    this.core = device.core();
    this.queues = new MockQueue[core.queueCount()];
    core.setInterrupts(this);
    core.setTransportRuns(true);
    device.resume();
  }

  private MockDriver(MockGuest guest, VirtioCore core, MockQueue[] queues) {
    this.guest = guest;
    this.core = core;
    this.queues = queues;
    core.setInterrupts(this);
  }

  /** The same driver with its rings, at a device that was restored from this one's state. */
  public MockDriver moveTo(VirtioDevice<?> restored) {
    return new MockDriver(guest, restored.core(), queues.clone());
  }

  public VirtioCore core() {
    return core;
  }

  /** Negotiates these of the offered features, beside VERSION_1; DRIVER_OK is not set yet. */
  public void negotiate(long features) {
    core.writeStatus(0);
    core.writeStatus(VirtioCore.ACKNOWLEDGE);
    core.writeStatus(VirtioCore.DRIVER);
    core.setDriverFeatures((features & core.offeredFeatures()) | 1L << VirtioCore.F_VERSION_1);
    core.writeStatus(VirtioCore.FEATURES_OK);
    if ((core.status() & VirtioCore.FEATURES_OK) == 0) {
      throw new IllegalStateException("the device refuses the features");
    }
  }

  /** Gives a queue its rings and enables it. */
  public MockQueue setUpQueue(int index, int size) {
    MockQueue mock = new MockQueue(guest, size);
    Virtqueue queue = core.queue(index);
    queue.setSize(size);
    queue.setDescriptors(mock.descriptors());
    queue.setAvailable(mock.available());
    queue.setUsed(mock.used());
    queue.enable();
    queues[index] = mock;
    return mock;
  }

  /** Negotiates, sets up all queues at their full size but at most 256, and starts. */
  public void start(long features) {
    negotiate(features);
    for (int i = 0; i < queues.length; i++) {
      setUpQueue(i, Math.min(256, core.queue(i).maxSize()));
    }
    driverOk();
  }

  public void driverOk() {
    core.writeStatus(VirtioCore.DRIVER_OK);
  }

  public MockQueue queue(int index) {
    return queues[index];
  }

  public void kick(int queue) {
    core.notifyQueue(queue);
  }

  public boolean needsReset() {
    return (core.status() & VirtioCore.NEEDS_RESET) != 0;
  }

  public int queueInterrupts() {
    return queueInterrupts.get();
  }

  public int configInterrupts() {
    return configInterrupts.get();
  }

  @Override
  public void queueUsed(int queue) {
    queueInterrupts.incrementAndGet();
  }

  @Override
  public void configurationChanged() {
    configInterrupts.incrementAndGet();
  }
}
