@org.jspecify.annotations.NullMarked
package io.vivarium.devices.virtio;
