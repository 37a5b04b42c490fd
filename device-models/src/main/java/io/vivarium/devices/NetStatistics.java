package io.vivarium.devices;

/** Counters of a network device since it was made, as the guest sees the directions. */
public record NetStatistics(
    long sentFrames,
    long sentBytes,
    long sendDrops,
    long receivedFrames,
    long receivedBytes,
    long receiveDrops) {}
