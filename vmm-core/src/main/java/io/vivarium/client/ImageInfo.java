package io.vivarium.client;

import org.jspecify.annotations.Nullable;

/**
 * An image that VMs can be made of.
 *
 * @param name as in {@code viv run NAME}
 * @param built whether it is in the store; a recipe that was not built yet is listed too
 * @param digest {@code sha256:...} of its manifest, or null before it is built
 * @param sizeBytes bytes on the host's disk, 0 before it is built
 * @param warm whether a warm snapshot is kept, so that it starts at once
 */
public record ImageInfo(
    String name,
    String description,
    boolean built,
    @Nullable String digest,
    long sizeBytes,
    boolean warm) {}
