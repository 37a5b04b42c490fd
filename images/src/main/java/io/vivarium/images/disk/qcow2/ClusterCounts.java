package io.vivarium.images.disk.qcow2;

import java.util.Map;
import java.util.TreeMap;
import java.util.function.LongConsumer;

/**
 * How many uses each cluster of the file has, in memory, as it truly is. Memory is taken only for
 * stretches of the file with a use. Not safe for several threads.
 */
final class ClusterCounts {
  private static final int CHUNK_BITS = 12;
  private static final int CHUNK = 1 << CHUNK_BITS;

  private final TreeMap<Long, char[]> chunks = new TreeMap<>();

  /** No cluster below it is free. */
  private long firstFree;

  private long neverUsedFrom;

  int get(long cluster) {
    char[] chunk = chunks.get(cluster >> CHUNK_BITS);
    return chunk == null ? 0 : chunk[(int) (cluster & (CHUNK - 1))];
  }

  /** One more than the highest cluster in use. */
  long end() {
    while (!chunks.isEmpty()) {
      Map.Entry<Long, char[]> last = chunks.lastEntry();
      for (int i = CHUNK - 1; i >= 0; i--) {
        if (last.getValue()[i] != 0) {
          return (last.getKey() << CHUNK_BITS) + i + 1;
        }
      }
      chunks.remove(last.getKey());
    }
    return 0;
  }

  /** No cluster from here on was ever in use, or is what the file held before. */
  long neverUsedFrom() {
    return neverUsedFrom;
  }

  /** From here on the file holds nothing; see {@link #neverUsedFrom}. */
  void fileEnds(long cluster) {
    neverUsedFrom = cluster;
  }

  /** Calls for every cluster in use, in order. */
  void forEachUsed(LongConsumer action) {
    chunks.forEach(
        (key, chunk) -> {
          for (int i = 0; i < CHUNK; i++) {
            if (chunk[i] != 0) {
              action.accept((key << CHUNK_BITS) + i);
            }
          }
        });
  }

  /** The highest count of all. */
  int highest() {
    int highest = 0;
    for (char[] chunk : chunks.values()) {
      for (char count : chunk) {
        highest = Math.max(highest, count);
      }
    }
    return highest;
  }

  /** Adds a use; returns how many there are now. At most 65,535 are counted. */
  int add(long cluster) {
    char[] chunk = chunks.computeIfAbsent(cluster >> CHUNK_BITS, k -> new char[CHUNK]);
    int index = (int) (cluster & (CHUNK - 1));
    if (chunk[index] != Character.MAX_VALUE) {
      chunk[index]++;
    }
    neverUsedFrom = Math.max(neverUsedFrom, cluster + 1);
    return chunk[index];
  }

  /** Takes a use away; returns how many are left. */
  int remove(long cluster) {
    char[] chunk = chunks.get(cluster >> CHUNK_BITS);
    int index = (int) (cluster & (CHUNK - 1));
    if (chunk == null || chunk[index] == 0) {
      throw new IllegalStateException("cluster " + cluster + " is not in use");
    }
    chunk[index]--;
    if (chunk[index] == 0) {
      firstFree = Math.min(firstFree, cluster);
    }
    return chunk[index];
  }

  /** Takes a cluster into use if it is free; whether it was. */
  boolean allocateAt(long cluster) {
    return get(cluster) == 0 && add(cluster) == 1;
  }

  /** Takes the lowest run of so many free clusters into use and returns its first. */
  long allocate(int clusters) {
    while (get(firstFree) != 0) {
      firstFree++;
    }
    long start = firstFree;
    for (long at = start; at < start + clusters; at++) {
      if (get(at) != 0) {
        start = at + 1;
      }
    }
    for (long at = start; at < start + clusters; at++) {
      add(at);
    }
    return start;
  }
}
