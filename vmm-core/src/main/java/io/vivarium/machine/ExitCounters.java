package io.vivarium.machine;

import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLongArray;

/** How often one vCPU left the guest, by reason. Written by its thread, read by any. */
final class ExitCounters {
  static final int IO = 0;
  static final int MMIO = 1;
  static final int INTR = 2;
  static final int ASSIST = 3;
  static final int OTHER = 4;

  private static final List<String> LABELS =
      List.of("exit.io", "exit.mmio", "exit.intr", "exit.assist", "exit.other");

  private final AtomicLongArray counts = new AtomicLongArray(LABELS.size());

  /** By the vCPU's thread only: so a plain read and an ordered write are enough. */
  void count(int reason) {
    counts.lazySet(reason, counts.getPlain(reason) + 1);
  }

  /** Adds these counts to those of other vCPUs. */
  void addTo(Map<String, Long> totals) {
    for (int i = 0; i < LABELS.size(); i++) {
      totals.merge(LABELS.get(i), counts.get(i), Long::sum);
    }
  }
}
