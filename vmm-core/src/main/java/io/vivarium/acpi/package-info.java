/**
 * The tables by which a guest finds its processors, interrupt controllers and legacy devices. ACPI
 * 6.4. Knows no KVM.
 */
@org.jspecify.annotations.NullMarked
package io.vivarium.acpi;
