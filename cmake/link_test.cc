// Linked with the whole archive of one module and only the dependencies that it declares: a symbol
// that comes from anywhere else is a link error.
int main() { return 0; }
