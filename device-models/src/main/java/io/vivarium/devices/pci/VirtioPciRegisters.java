package io.vivarium.devices.pci;

import io.vivarium.devices.BadStateException;
import io.vivarium.devices.StateCheck;
import io.vivarium.devices.virtio.VirtioCore;
import io.vivarium.devices.virtio.Virtqueue;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.jspecify.annotations.Nullable;

/**
 * The common configuration structure (virtio 1.2, 4.1.4.3). Each field answers accesses of its own
 * width only, 64-bit ones also halves (4.1.3.1).
 */
public final class VirtioPciRegisters {
  static final int SIZE = 0x40;
  static final int NO_VECTOR = 0xffff;

  /** Saved state: the selectors, the vectors, and the ISR of the function around them. */
  public record State(
      int deviceFeatureSelect,
      int driverFeatureSelect,
      int queueSelect,
      int configVector,
      List<Integer> queueVectors,
      int isr) {}

  private static final int DEVICE_FEATURE_SELECT = 0x00;
  private static final int DEVICE_FEATURE = 0x04;
  private static final int DRIVER_FEATURE_SELECT = 0x08;
  private static final int DRIVER_FEATURE = 0x0c;
  private static final int CONFIG_VECTOR = 0x10;
  private static final int NUM_QUEUES = 0x12;
  private static final int DEVICE_STATUS = 0x14;
  private static final int CONFIG_GENERATION = 0x15;
  private static final int QUEUE_SELECT = 0x16;
  private static final int QUEUE_SIZE = 0x18;
  private static final int QUEUE_VECTOR = 0x1a;
  private static final int QUEUE_ENABLE = 0x1c;
  private static final int QUEUE_NOTIFY_OFF = 0x1e;
  private static final int QUEUE_DESC = 0x20;
  private static final int QUEUE_DRIVER = 0x28;
  private static final int QUEUE_DEVICE = 0x30;
  private static final int QUEUE_END = QUEUE_DEVICE + 8;

  private final VirtioCore core;
  private final int vectors;

  /** The vectors are read without our lock: by completions, for which a reset may be waiting. */
  private final AtomicIntegerArray queueVectors;

  private int deviceFeatureSelect;
  private int driverFeatureSelect;
  private int queueSelect;
  private volatile int configVector = NO_VECTOR;

  VirtioPciRegisters(VirtioCore core, int vectors) {
    this.core = core;
    this.vectors = vectors;
    this.queueVectors = new AtomicIntegerArray(core.queueCount());
    reset();
  }

  int configVector() {
    return configVector;
  }

  int queueVector(int queue) {
    return queueVectors.get(queue);
  }

  synchronized long read(long offset, int size) {
    int at = (int) offset;
    if (at >= QUEUE_DESC && at < QUEUE_END) {
      return readAddress(at, size);
    }
    if (size != width(at)) {
      return -1;
    }
    Virtqueue queue = queueSelect < core.queueCount() ? core.queue(queueSelect) : null;
    return switch (at) {
      case DEVICE_FEATURE_SELECT -> Integer.toUnsignedLong(deviceFeatureSelect);
      case DEVICE_FEATURE -> half(core.offeredFeatures(), deviceFeatureSelect);
      case DRIVER_FEATURE_SELECT -> Integer.toUnsignedLong(driverFeatureSelect);
      case DRIVER_FEATURE -> half(core.driverFeatures(), driverFeatureSelect);
      case CONFIG_VECTOR -> configVector;
      case NUM_QUEUES -> core.queueCount();
      case DEVICE_STATUS -> core.status();
      case CONFIG_GENERATION -> core.configGeneration();
      case QUEUE_SELECT -> queueSelect;
      case QUEUE_SIZE -> queue == null ? 0 : queue.size();
      case QUEUE_VECTOR -> queue == null ? NO_VECTOR : queueVectors.get(queueSelect);
      case QUEUE_ENABLE -> queue != null && queue.enabled() ? 1 : 0;
      case QUEUE_NOTIFY_OFF -> queue == null ? 0 : queueSelect;
      default -> -1;
    };
  }

  void write(long offset, int size, long value) {
    int at = (int) offset;
    if (at == DEVICE_STATUS && size == 1) {
      // Not under our lock: a reset waits for requests in flight, whose completions need vectors.
      core.writeStatus((int) value);
      if (value == 0) {
        reset();
      }
      return;
    }
    synchronized (this) {
      if (at >= QUEUE_DESC && at < QUEUE_END) {
        writeAddress(at, size, value);
      } else if (size == width(at)) {
        writeField(at, (int) value);
      }
    }
  }

  private void writeField(int at, int value) {
    Virtqueue queue = queueSelect < core.queueCount() ? core.queue(queueSelect) : null;
    switch (at) {
      case DEVICE_FEATURE_SELECT -> deviceFeatureSelect = value;
      case DRIVER_FEATURE_SELECT -> driverFeatureSelect = value;
      case DRIVER_FEATURE -> writeFeatures(value);
      case CONFIG_VECTOR -> configVector = vector(value);
      case QUEUE_SELECT -> queueSelect = value;
      case QUEUE_SIZE -> {
        if (queue != null) {
          queue.setSize(value);
        }
      }
      case QUEUE_VECTOR -> {
        if (queue != null) {
          queueVectors.set(queueSelect, vector(value));
        }
      }
      case QUEUE_ENABLE -> {
        if (queue != null && value == 1) {
          queue.enable();
        }
      }
      default -> {} // read-only
    }
  }

  /** A vector that is not there reads back as none, by which the driver sees it (4.1.5.1.2.1). */
  private int vector(int value) {
    return value < vectors ? value : NO_VECTOR;
  }

  private void writeFeatures(int value) {
    long features = core.driverFeatures();
    long bits = Integer.toUnsignedLong(value);
    if (driverFeatureSelect == 0) {
      core.setDriverFeatures((features & ~0xffff_ffffL) | bits);
    } else if (driverFeatureSelect == 1) {
      core.setDriverFeatures((features & 0xffff_ffffL) | (bits << 32));
    } else if (value != 0) {
      core.setDriverFeatures(features & ~(1L << VirtioCore.F_VERSION_1)); // not offered: refused
    }
  }

  private static long half(long features, int select) {
    return switch (select) {
      case 0 -> features & 0xffff_ffffL;
      case 1 -> features >>> 32;
      default -> 0;
    };
  }

  private long readAddress(int at, int size) {
    if (queueSelect >= core.queueCount()) {
      return 0;
    }
    long address = address(core.queue(queueSelect), at);
    if (size == 8 && (at & 7) == 0) {
      return address;
    }
    if (size == 4 && (at & 3) == 0) {
      return half(address, (at & 4) >> 2);
    }
    return -1;
  }

  private void writeAddress(int at, int size, long value) {
    if (queueSelect >= core.queueCount()) {
      return;
    }
    Virtqueue queue = core.queue(queueSelect);
    long old = address(queue, at);
    long next;
    if (size == 8 && (at & 7) == 0) {
      next = value;
    } else if (size == 4 && (at & 7) == 0) {
      next = (old & ~0xffff_ffffL) | (value & 0xffff_ffffL);
    } else if (size == 4 && (at & 7) == 4) {
      next = (old & 0xffff_ffffL) | (value << 32);
    } else {
      return;
    }
    switch (at & ~7) {
      case QUEUE_DESC -> queue.setDescriptors(next);
      case QUEUE_DRIVER -> queue.setAvailable(next);
      default -> queue.setUsed(next);
    }
  }

  private static long address(Virtqueue queue, int at) {
    return switch (at & ~7) {
      case QUEUE_DESC -> queue.descriptors();
      case QUEUE_DRIVER -> queue.available();
      default -> queue.used();
    };
  }

  private static int width(int at) {
    return switch (at) {
      case DEVICE_FEATURE_SELECT, DEVICE_FEATURE, DRIVER_FEATURE_SELECT, DRIVER_FEATURE -> 4;
      case DEVICE_STATUS, CONFIG_GENERATION -> 1;
      case CONFIG_VECTOR,
          NUM_QUEUES,
          QUEUE_SELECT,
          QUEUE_SIZE,
          QUEUE_VECTOR,
          QUEUE_ENABLE,
          QUEUE_NOTIFY_OFF ->
          2;
      default -> 0;
    };
  }

  synchronized State save(int isr) {
    List<Integer> queues = new ArrayList<>();
    for (int i = 0; i < queueVectors.length(); i++) {
      queues.add(queueVectors.get(i));
    }
    return new State(
        deviceFeatureSelect,
        driverFeatureSelect,
        queueSelect,
        configVector,
        List.copyOf(queues),
        isr);
  }

  void check(StateCheck check, @Nullable State state) throws BadStateException {
    check.present("registers", state);
    if (state == null) {
      return;
    }
    check.bits("queueSelect", state.queueSelect, 0xffff);
    check.that(goodVector(state.configVector), "configVector is not there");
    check.exactly("queueVectors", state.queueVectors, queueVectors.length());
    for (int vector : state.queueVectors) {
      check.that(goodVector(vector), "a queue's vector is not there");
    }
    check.bits("isr", state.isr, 3);
  }

  private boolean goodVector(int vector) {
    return vector == NO_VECTOR || (vector >= 0 && vector < vectors);
  }

  synchronized void restore(State state) {
    deviceFeatureSelect = state.deviceFeatureSelect;
    driverFeatureSelect = state.driverFeatureSelect;
    queueSelect = state.queueSelect;
    configVector = state.configVector;
    for (int i = 0; i < queueVectors.length(); i++) {
      queueVectors.set(i, state.queueVectors.get(i));
    }
  }

  final synchronized void reset() {
    deviceFeatureSelect = 0;
    driverFeatureSelect = 0;
    queueSelect = 0;
    configVector = NO_VECTOR;
    for (int i = 0; i < queueVectors.length(); i++) {
      queueVectors.set(i, NO_VECTOR);
    }
  }
}
