package io.vivarium.client;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A node of a VM's snapshot tree.
 *
 * @param id unique in its VM, made by the store
 * @param name what the user calls it, unique in its VM
 * @param parent id of the parent node, or null at a root
 * @param live whether memory and device state are in it, so that restoring continues the guest
 * @param ownBytes bytes of the host's disk that deleting it would free
 * @param totalBytes lengths of its files: pages of zeroes count here, and cost nothing on the disk
 * @param lastConsoleLines what stood on the console
 */
public record SnapshotInfo(
    String id,
    String name,
    @Nullable String parent,
    String note,
    Instant takenAt,
    boolean live,
    long ownBytes,
    long totalBytes,
    String lastConsoleLines) {}
