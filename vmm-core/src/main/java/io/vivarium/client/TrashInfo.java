package io.vivarium.client;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Something that waits in the trash.
 *
 * @param vm of which VM it is a snapshot; null: it is a VM, or disks of one
 * @param name what it was called
 * @param ownBytes bytes of the host's disk that are its own
 */
public record TrashInfo(@Nullable String vm, String name, Instant removedAt, long ownBytes) {}
