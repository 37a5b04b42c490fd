package io.vivarium.devices.virtio;

import java.util.Map;

/**
 * What a guest says of its memory; -1 where it said nothing. In bytes and counts since its boot.
 *
 * @param freeBytes memory in no use at all
 * @param availableBytes memory that new programs could have without swapping
 */
public record BalloonStatistics(
    long totalBytes,
    long freeBytes,
    long availableBytes,
    long cacheBytes,
    long majorFaults,
    long minorFaults,
    long swappedInBytes,
    long swappedOutBytes) {
  /** Nothing was said yet. */
  static final BalloonStatistics NONE = of(Map.of());

  /** By tag (virtio 1.2, 5.5.6.4). */
  static BalloonStatistics of(Map<Integer, Long> tags) {
    return new BalloonStatistics(
        tags.getOrDefault(5, -1L),
        tags.getOrDefault(4, -1L),
        tags.getOrDefault(6, -1L),
        tags.getOrDefault(7, -1L),
        tags.getOrDefault(2, -1L),
        tags.getOrDefault(3, -1L),
        tags.getOrDefault(0, -1L),
        tags.getOrDefault(1, -1L));
  }
}
