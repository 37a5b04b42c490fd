/** The images that VMs are made of. */
@org.jspecify.annotations.NullMarked
package io.vivarium.desktop.images;
