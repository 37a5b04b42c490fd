package io.vivarium.machine;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * What the assembly builds a machine from; all paths are resolved, all sizes validated.
 *
 * @param name for threads and messages
 * @param memoryBytes guest RAM in bytes, a multiple of 1 MiB, at least 16 MiB
 * @param cpus vCPUs, at least 1
 * @param kernel bzImage or ELF file
 * @param initrd or null
 * @param cmdline kernel command line; the assembly adds what the host profile needs
 * @param unpackKernel true: a bzImage's payload may be unpacked by us and entered as ELF, where the
 *     host profile asks for it; false: its own decompressor runs, which KASLR needs
 * @param devices the virtio devices; with {@link DeviceConfig#NONE} there is no PCI bus
 */
public record MachineConfig(
    String name,
    long memoryBytes,
    int cpus,
    Path kernel,
    @Nullable Path initrd,
    String cmdline,
    boolean unpackKernel,
    DeviceConfig devices) {}
