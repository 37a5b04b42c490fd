/** The virtio block device: requests are parsed into records, then done on a {@code Disk}. */
@org.jspecify.annotations.NullMarked
package io.vivarium.devices.virtio.block;
