import './base.css';
import './running.css';
