package io.vivarium.desktop.model;

import io.vivarium.client.Vivarium;
import io.vivarium.desktop.jobs.Jobs;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * What VMs use over time. Only views that show it ask for readings, so that nothing is read for
 * nobody. Lives on the interface thread.
 */
public final class StatsModel {
  /** Readings that come sooner after one another are left out. */
  private static final long MIN_INTERVAL_NANOS = 900_000_000;

  private final Vivarium vivarium;
  private final Jobs jobs;
  private final Map<String, StatsHistory> histories = new HashMap<>();
  private final Map<String, Long> askedAt = new HashMap<>();
  private final Set<String> reading = new HashSet<>();

  public StatsModel(Vivarium vivarium, Jobs jobs) {
    this.vivarium = vivarium;
    this.jobs = jobs;
  }

  /** What is known of a VM. */
  public StatsHistory of(String name) {
    return histories.computeIfAbsent(name, key -> new StatsHistory());
  }

  /** Reads a VM's counters; {@code then} is told when its history has them. */
  public void sample(VmItem item, Runnable then) {
    String name = item.name();
    if (!VmModel.isAlive(item.state())) {
      of(name).pause();
      then.run();
      return;
    }
    long now = System.nanoTime();
    Long asked = askedAt.get(name);
    if (reading.contains(name) || (asked != null && now - asked < MIN_INTERVAL_NANOS)) {
      return;
    }
    askedAt.put(name, now);
    reading.add(name);
    jobs.read(
        () -> vivarium.stats(name),
        stats -> {
          reading.remove(name);
          of(name).add(stats, System.nanoTime());
          then.run();
        },
        why -> {
          reading.remove(name);
          of(name).pause();
          then.run();
        });
  }

  /** Forgets those that are gone. */
  void retain(Set<String> names) {
    histories.keySet().retainAll(names);
    askedAt.keySet().retainAll(names);
  }
}
