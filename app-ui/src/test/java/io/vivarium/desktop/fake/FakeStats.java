package io.vivarium.desktop.fake;

import io.vivarium.client.VmStats;
import io.vivarium.desktop.model.StatsHistory;
import java.util.Random;

/** Readings that look like those of a guest that compiles and downloads. */
public final class FakeStats {
  private FakeStats() {}

  /** Five minutes of them. */
  public static void fill(StatsHistory history) {
    Random random = new Random(3);
    long cpu = 0;
    long read = 0;
    long write = 0;
    long in = 0;
    long out = 0;
    for (int second = 0; second < 280; second++) {
      double busy = 0.5 + 0.45 * Math.sin(second / 17.0) + 0.3 * random.nextDouble();
      cpu += (long) (1e9 * Math.clamp(busy, 0.02, 2));
      read += second % 40 < 12 ? random.nextLong(6_000_000) : random.nextLong(40_000);
      write += second % 25 < 5 ? random.nextLong(9_000_000) : 0;
      in += second % 70 < 20 ? 1_500_000 + random.nextLong(900_000) : random.nextLong(9_000);
      out += random.nextLong(60_000);
      history.add(
          new VmStats(
              (second + 1) * 1_000_000_000L,
              cpu,
              2L << 30,
              (300L << 20) + second * 400_000L,
              (400L << 20) + second * 1_200_000L,
              read,
              write,
              in,
              out),
          second * 1_000_000_000L);
    }
  }
}
