package io.vivarium.client;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A node of a VM's snapshot tree.
 *
 * @param id unique in its VM, made by the store
 * @param name what the user calls it, unique in its VM
 * @param parent id of the parent node, or null at a root
 * @param live whether memory and device state are in it, so that restoring continues the guest;
 *     else it keeps the disks only, and restoring leaves the VM stopped
 * @param automatic whether Vivarium took it by itself, and may thin it out
 * @param pinned whether thinning out leaves it alone
 * @param ownBytes bytes of the host's disk that deleting it would free
 * @param sharedBytes bytes of the host's disk that it stands on together with others
 * @param totalBytes lengths of its files: pages of zeroes count here, and cost nothing on the disk
 * @param lastConsoleLines what stood on the console
 * @param damage why it cannot be restored, in one sentence, or null
 */
public record SnapshotInfo(
    String id,
    String name,
    @Nullable String parent,
    String note,
    Instant takenAt,
    boolean live,
    boolean automatic,
    boolean pinned,
    long ownBytes,
    long sharedBytes,
    long totalBytes,
    String lastConsoleLines,
    @Nullable String damage) {}
