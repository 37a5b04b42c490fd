/**
 * Kernels into guest memory: bzImage and ELF are parsed into records and checked, then placed with
 * their boot parameters, and the processor's entry state is told. Knows no KVM.
 */
@org.jspecify.annotations.NullMarked
package io.vivarium.boot;
