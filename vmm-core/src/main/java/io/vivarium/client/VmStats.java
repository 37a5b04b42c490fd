package io.vivarium.client;

/**
 * Counters of a running VM; rates are the reader's to make from two of them.
 *
 * @param uptimeNanos since the engine started the guest
 * @param cpuNanos host CPU time of all vCPU threads
 * @param memoryBytes guest RAM as specified
 * @param guestUsedBytes guest RAM that its programs and kernel cannot do without, as it said last;
 *     -1 where it has not said: without a balloon, or before its driver is there
 * @param residentBytes host memory of the engine process; forks share their parent's
 * @param diskReadBytes since the start; likewise the others
 */
public record VmStats(
    long uptimeNanos,
    long cpuNanos,
    long memoryBytes,
    long guestUsedBytes,
    long residentBytes,
    long diskReadBytes,
    long diskWriteBytes,
    long netReceiveBytes,
    long netSendBytes) {}
