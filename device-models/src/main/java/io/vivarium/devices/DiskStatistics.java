package io.vivarium.devices;

/** Counters of a block device since it was made. */
public record DiskStatistics(
    long readBytes, long writtenBytes, long reads, long writes, long flushes, long failures) {}
