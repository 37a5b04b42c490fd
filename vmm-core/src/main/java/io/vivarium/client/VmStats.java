package io.vivarium.client;

/**
 * Counters of a running VM; rates are the reader's to make from two of them.
 *
 * @param uptimeNanos since the engine started the guest
 * @param cpuNanos host CPU time of all vCPU threads
 * @param memoryBytes guest RAM as specified
 * @param residentBytes host memory of the engine process
 * @param diskReadBytes since the start; likewise the others
 */
public record VmStats(
    long uptimeNanos,
    long cpuNanos,
    long memoryBytes,
    long residentBytes,
    long diskReadBytes,
    long diskWriteBytes,
    long netReceiveBytes,
    long netSendBytes) {}
